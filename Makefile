# make            builds bin/sluice (scripts/build.sh)
# make test       everything CI checks (scripts/test.sh), up to 45 minutes
# make quick      go vet and go test, about two minutes
# make demo       builds and shows a good run and a bad one
# make bench      compares with the peers that are installed
# make install    into PREFIX (/usr/local), DESTDIR is respected

GO      ?= go
PREFIX  ?= /usr/local
DESTDIR ?=
FUZZTIME ?= 20000x

.DELETE_ON_ERROR:

.PHONY: build
build:
	GO='$(GO)' scripts/build.sh bin/sluice

.PHONY: test
test:
	GO='$(GO)' FUZZTIME='$(FUZZTIME)' scripts/test.sh

.PHONY: quick
quick:
	$(GO) vet ./...
	$(GO) test ./...

.PHONY: fuzz
fuzz:
	GO='$(GO)' FUZZTIME='$(FUZZTIME)' scripts/fuzz.sh

.PHONY: peers
peers:
	scripts/peers.sh

.PHONY: demo
demo: build
	examples/demo.sh

.PHONY: bench
bench: build
	bench/run.sh

.PHONY: man
man:
	$(GO) run ./scripts/man man

# What was built as a user is installed as root, who may have no Go.
.PHONY: install
install:
	@test -x bin/sluice || { echo 'bin/sluice is not there: run make build first'; exit 1; }
	install -d '$(DESTDIR)$(PREFIX)/bin'
	install -m 0755 bin/sluice '$(DESTDIR)$(PREFIX)/bin/sluice'
	@if test -d man; then \
	  echo "install man/*.1 into $(DESTDIR)$(PREFIX)/share/man/man1"; \
	  install -d '$(DESTDIR)$(PREFIX)/share/man/man1' && \
	  install -m 0644 man/*.1 '$(DESTDIR)$(PREFIX)/share/man/man1/'; \
	else echo 'no man pages (make man builds them)'; fi

.PHONY: clean
clean:
	rm -rf bin man
