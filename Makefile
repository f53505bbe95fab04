# The door for people and for CI. `make` prints the list.
DOCKER ?= docker
NODE := node_modules/.bin/node
VERSION := $(shell sed -n 's/^  "version": "\(.*\)",/\1/p' package.json)
ARCH := $(shell uname -m | sed 's/x86_64/amd64/; s/aarch64/arm64/')
# Private engines and the base of the root file system need root.
ROOT := $(if $(filter 0,$(shell id -u)),,sudo --preserve-env)
LAB_RUN := $(ROOT) $(NODE) lab/main.ts
# As it was written: a shell's $ is no variable of make.
override COMMAND := $(value COMMAND)
export DOCKER LAB COMMAND CASES

help: ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 24

demo: node_modules/.ready ## show the main job on a private Docker Engine (DEMO_ENGINE=this: on yours)
	@[ "$(DEMO_ENGINE)" = this ] || sh engine-box/install.sh demo
	@$(ROOT) $(NODE) deploy/demo/main.ts

test: node_modules/.ready ## everything that is checked: types, style, unit, protocol, engine
	@sh engine-box/install.sh test
	@$(ROOT) $(NODE) test/run.ts

test-lab: node_modules/.ready ## a swarm of virtual machines over real NFS, and what goes wrong there (CASES="swarm power": some; LAB=name: in yours)
	@sh engine-box/install.sh lab
	@$(ROOT) $(NODE) test/run.ts lab

soak: node_modules/.ready ## the same with the cases that CI has no time for
	@sh engine-box/install.sh test
	@sh engine-box/install.sh lab
	@sh engine-box/install.sh soak
	@$(ROOT) $(NODE) test/run.ts soak

check: node_modules/.ready ## types, lint, format, unused code
	@$(NODE) test/run.ts check

bench: node_modules/.ready rootfs ## compare with rclone's plugin and Docker's local driver
	@sh engine-box/install.sh bench
	@$(ROOT) $(NODE) bench/main.ts $(BENCH)

bench-lab: node_modules/.ready rootfs images ## compare on real NFS, in virtual machines: with Docker's type=nfs, with a mount by hand
	@sh engine-box/install.sh bench-lab
	@$(ROOT) $(NODE) bench/lab/main.ts $(BENCH)

bench-backup: node_modules/.ready ## compare backups to WebDAV: with restic over rclone, an rclone mirror, a tarball (BENCH="--quick --scale 0.1")
	@sh engine-box/install.sh test
	@$(ROOT) $(NODE) bench/backup/main.ts $(BENCH)

rootfs: node_modules/.ready ## build dist/plugin: config.json and the root file system
	@$(NODE) rootfs-build/build.ts

plugin: rootfs ## build the plugin and enable it on your engine as swarmnfs
	$(DOCKER) plugin create swarmnfs dist/plugin
	$(DOCKER) plugin enable swarmnfs

plugin-remove: ## take the plugin off your engine; volumes and data stay in /var/lib/swarmnfs
	$(DOCKER) plugin disable --force swarmnfs || true
	$(DOCKER) plugin rm --force swarmnfs

plugin-push: repository-given rootfs ## push it to REPOSITORY, as :VERSION-ARCHITECTURE
	$(DOCKER) plugin create $(REPOSITORY):$(VERSION)-$(ARCH) dist/plugin
	$(DOCKER) plugin push $(REPOSITORY):$(VERSION)-$(ARCH)
	$(DOCKER) plugin rm $(REPOSITORY):$(VERSION)-$(ARCH)

repository-given:
	@[ -n "$(REPOSITORY)" ] || { echo "Say where to: make plugin-push REPOSITORY=registry.example/you/swarmnfs"; exit 2; }

cli: node_modules/.ready ## build dist/swarmnfs, the command as one file that needs no Node.js
	@$(NODE) rootfs-build/single-executable.ts

npm: node_modules/.ready ## build dist/npm, the command as a package for npm
	@$(NODE) rootfs-build/npm.ts

images: node_modules/.ready ## build three images for docker load: dist/server/swarmnfs-nfs-server.tar, dist/backup/swarmnfs-backup.tar, dist/bench/swarmnfs-bench.tar
	@$(NODE) rootfs-build/images.ts

engine: node_modules/.ready rootfs ## open a shell on a private engine with the plugin
	@sh engine-box/install.sh demo
	@$(ROOT) $(NODE) engine-box/main.ts

lab-up: node_modules/.ready rootfs $(if $(STORAGE),images) ## virtual machines: a NAS and a swarm of NODES=3 with the plugin (STORAGE=1: our NFS server too; LAB=name: one of several)
	@$(LAB_RUN) up $(NODES) $(if $(STORAGE),storage)

lab-status: node_modules/.ready ## its machines, and what was broken on purpose
	@$(LAB_RUN) status

lab-ssh: node_modules/.ready ## a shell on a machine: N=1, N=nas; or COMMAND=... there
	@$(LAB_RUN) ssh "$(N)" "$$COMMAND"

lab-fault: node_modules/.ready ## break machine N: FAULT=cut, freeze, power-off, … (docs/lab.md)
	@$(LAB_RUN) fault "$(N)" "$(FAULT)"

lab-mend: node_modules/.ready ## mend machine N: FAULT=..., or all it has
	@$(LAB_RUN) mend "$(N)" $(FAULT)

lab-logs: node_modules/.ready ## collect the logs of every machine
	@$(LAB_RUN) logs

lab-down: node_modules/.ready ## end the lab; nothing of it stays but the images in ~/.cache/swarmnfs
	@$(LAB_RUN) down

clean: ## remove what was built here (the base images in ~/.cache/swarmnfs stay)
	rm -rf dist coverage
	$(if $(wildcard .engine),$(ROOT) rm -rf .engine)

node_modules/.ready: package-lock.json
	npm ci --no-audit --no-fund --loglevel=error
	@touch $@

.PHONY: lab-up lab-status lab-ssh lab-fault lab-mend lab-logs lab-down
.PHONY: help demo test test-lab soak check bench bench-lab bench-backup rootfs plugin plugin-remove plugin-push repository-given cli images engine clean
