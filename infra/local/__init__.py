"""The local stack: MiniStack as AWS, jira-sim as Atlassian, the functions of this repository, and the one template.

Read in this order: settings (what may be chosen), tools (virtual environment, build, archives), processes (children
and their end), deployment (template and functions), demo (the first connection), stack (all of it in order).
"""
