//! Telling people outside: Slack's incoming webhooks, and signed webhooks of any kind.
