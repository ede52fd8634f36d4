# One page of commands; `make` alone explains them. What they do stands in infra/README.md.
.DEFAULT_GOAL := help
.PHONY: help run test lint bench deploy token link
SHELL := /bin/bash
NEXTEST := 0.9.143
TENANT ?= demo
ROLE ?= admin
export PATH := $(CURDIR)/target/tools/bin:$(PATH)

help: ## Show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):[^#]*## */\1\t/' | expand -t 9

run: ## Assay on this machine with a simulated Jira site; or with yours: JIRA_SITE=… JIRA_EMAIL=… JIRA_TOKEN=…
	@python3 infra/local_stack.py run

test: lint ## Every check and test; those that need a stack get one of their own
	@python3 infra/local_stack.py browser
	@cargo nextest --version 2>/dev/null | grep -q "cargo-nextest $(NEXTEST)" || cargo install --locked --debug --root target/tools cargo-nextest@$(NEXTEST)
	@PYTHONDONTWRITEBYTECODE=1 python3 -m unittest discover --quiet --start-directory infra/tests --top-level-directory infra
	@python3 infra/local_stack.py exec --instance test -- cargo nextest run --workspace --locked
	@cargo test --workspace --doc --locked --quiet

lint: ## Formatting, clippy, documentation, template
	@cargo fmt --all --check && cargo clippy --workspace --all-targets --locked --quiet -- -D warnings
	@RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items --locked --quiet
	@python3 infra/local_stack.py prepare && target/venv/bin/cfn-lint infra/template.yaml

bench: ## Print the figures: start-up, memory, calls and writes
	@cargo run --release --locked --package assay-bench

deploy: ## Build for arm64 and deploy to AWS: STACK=… AWS_REGION=… PARAMETERS="Name=value …"
	@python3 infra/deploy.py deploy

token: ## Print an API token: TENANT=… ROLE=…; of the local stack, or with STACK=… of one on AWS
	@python3 infra/$(if $(STACK),deploy.py,local_stack.py) token --tenant $(TENANT) --role $(ROLE)

link: ## Print a link that signs somebody in to the console once, within 15 minutes: TENANT=… ROLE=…; as above
	@python3 infra/$(if $(STACK),deploy.py,local_stack.py) link --tenant $(TENANT) --role $(ROLE)
