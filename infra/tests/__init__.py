"""Tests of the scripts of the local stack: `make test` runs them."""
