# SPDX-License-Identifier: GPL-2.0-only
#
# ipitrace: plain GNU make, no configure step.
#
#   make           build/ipitrace and build/examples/*
#   make demo      install what is missing, build, record a workload, report it
#   make check     install what is missing, build, run every test (T=PATTERN: a subset)
#   make check-all the same and what takes longer (tests/full): more kernels, long runs
#   make check-newcomer    demo and check in clean Debian systems, as a newcomer's first hour
#   make bench     speed against trace-cmd, perf and bpftrace, in one run
#   make fuzz      libFuzzer on every target of tests/fuzz (T=TARGET: one), SECONDS=60 each
#   make vm        a shell in a guest kernel with everything loaded
#   make lint      clang-format, cppcheck, shellcheck over the whole tree
#   make compile_commands.json    for editors and clang's tools
#   make deps      install the packages that make needs (G='build test lint vm': all that make check needs)
#   make module    the benchmark module for the running kernel (KDIR=headers of another)
#   make install   program, man pages, completions, documents, examples, the unit ipitrace-stat.service
#                  of systemd (PREFIX=/usr/local DESTDIR=)
#   make module_install uninstall
#   make deb rpm   packages for this system, in build/deb and build/rpm
#   make clean help
#
# WERROR=1 turns warnings into errors, V=1 shows whole command lines, LTO= optimises each file alone.

VERSION	:= 0.2

PREFIX	?= /usr/local
DESTDIR	?=
# Where distributions want something elsewhere, they say so: these are without DESTDIR.
BINDIR	?= $(PREFIX)/bin
MANDIR	?= $(PREFIX)/share/man/man1
DOCDIR	?= $(PREFIX)/share/doc/ipitrace
BASHDIR	?= $(PREFIX)/share/bash-completion/completions
ZSHDIR	?= $(PREFIX)/share/zsh/site-functions
FISHDIR	?= $(PREFIX)/share/fish/vendor_completions.d
UNITDIR	?= $(PREFIX)/lib/systemd/system
KDIR	?= /lib/modules/$(shell uname -r)/build

ifeq ($(origin CC),default)
CC	= gcc
endif
PKG_CONFIG ?= pkg-config
NPROC	:= $(shell nproc 2>/dev/null || echo 1)
# The library that draws the page of "report --html"; elsewhere than Debian has it: D3=/path/d3.min.js
D3	?= /usr/share/nodejs/d3/dist/d3.min.js
PKGS	= libtracefs libzstd zlib libxxhash libdw libelf ncursesw libprotobuf-c
# Of which the headers alone are needed: base/library.h.
LOADED	= libkmod
PROTOC_C ?= protoc-c

# The user's to change; what the project itself insists on is in ALL_CFLAGS.
CFLAGS	?= -O2 -g
LDFLAGS	?=
WARN	= -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes $(if $(WERROR),-Werror)
# Lazily: "make deps" must run where neither compiler nor pkg-config is installed yet.
LACKS	= $(if $(shell command -v $(firstword $(CC))),,$(firstword $(CC))) \
	  $(shell echo '\#include <stdlib.h>' | $(CC) -E - >/dev/null 2>&1 || echo stdlib.h) \
	  $(if $(shell command -v $(PROTOC_C)),,$(PROTOC_C)) \
	  $(if $(shell command -v $(PKG_CONFIG)),$(foreach p,$(PKGS) $(LOADED),$(shell $(PKG_CONFIG) --exists $(p) || echo $(p))),$(PKG_CONFIG)) \
	  $(if $(wildcard $(D3)),,$(D3))
COMPLAIN = $(if $(strip $(LACKS)),$(error $(strip $(LACKS)): not found. 'make deps' installs what building needs; tests/packages lists it))
PKG_CFLAGS = $(COMPLAIN)$(eval PKG_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(PKGS) $(LOADED)))$(PKG_CFLAGS)
PKG_LIBS   = $(eval PKG_LIBS := $(shell $(PKG_CONFIG) --libs $(PKGS)))$(PKG_LIBS)
# On 32-bit machines, too: files of more than 2 GB, times behind 2038.
WIDE	= -D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64
# The x87 of i386 keeps more digits than a double has, and a percentile would be another rank.
DOUBLES	= $(if $(IS_GCC),-fexcess-precision=standard)
ALL_CFLAGS = -std=gnu11 -D_GNU_SOURCE $(WIDE) $(DOUBLES) $(CPPFLAGS) $(CFLAGS) $(WARN) -Iinclude -Itracer -I$(GEN) $(PKG_CFLAGS) \
	     -DIPITRACE_VERSION='"$(VERSION)"' -MMD -MP
LIBS	= $(PKG_LIBS) -lpthread -lm
# -O1: readable reports; no recover: the first finding fails the test.
SAN	= -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all

B	:= build
Q	= $(if $(V),,@printf '  %-6s %s\n' '$(1)' '$@';)
SRCS	:= $(sort $(shell find tracer -name '*.c'))
# What every event goes through, from sub-buffer to row: gcc optimises it across files.
HOT	:= $(addprefix decode/,decode look native page stacks) $(addprefix match/,calls irqs match waits) \
	   $(addprefix report/,agg agg-rows batches pipeline sink) $(addprefix base/,hash hist) file/pages
IS_GCC	= $(eval IS_GCC := $$(if $$(shell echo __clang__ | $(CC) -E -P - 2>/dev/null | grep -x __clang__),y))$(IS_GCC)
# Objects have machine code as well, which is what the tests link. LTO= turns it off.
LTO	?= $(if $(IS_GCC),-flto=auto -ffat-lto-objects)
NO_LTO	= $(if $(LTO),$(if $(findstring -flto,$(CFLAGS)),,-fno-lto))
LIB_SRCS := $(filter-out tracer/main.c,$(SRCS))
# What protoc-c makes of them, for all variants once.
GEN	:= $(B)/gen
PROTOS	:= $(patsubst tracer/%.proto,%.pb-c,$(sort $(shell find tracer -name '*.proto')))
EXAMPLES := $(patsubst examples/%.c,$(B)/examples/%,$(wildcard examples/*.c))
UNITS	:= $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/test_*.c))
# Whatever the unit tests share: tests/unit/*.c that is no test of its own.
UNIT_COMMON := $(filter-out $(UNITS:%=tests/unit/%.c),$(wildcard tests/unit/*.c))
FUZZ	:= $(patsubst tests/fuzz/%.c,%,$(filter-out tests/fuzz/replay.c,$(wildcard tests/fuzz/*.c)))
MANPAGES := $(wildcard docs/*.1)

.PHONY: all build perf deps demo check check-all check-newcomer bench vm lint fuzz help compile_commands.json tests-build asan \
	install uninstall module module_install deb rpm clean
.SECONDARY:
.DELETE_ON_ERROR:

all: build
build: $(B)/ipitrace $(EXAMPLES)

$(GEN)/%.pb-c.c $(GEN)/%.pb-c.h: tracer/%.proto Makefile
	@mkdir -p $(GEN)
	$(call Q,PROTO)$(COMPLAIN)$(PROTOC_C) --proto_path=tracer --c_out=$(GEN) $<

# What the page of "report --html" is made of, without a recording's data: the program has it within.
HTML	:= tracer/report/html
$(B)/page.html: $(HTML)/assemble $(wildcard $(HTML)/*/*.js $(HTML)/*.css $(HTML)/*.txt $(D3))
	@mkdir -p $(@D)
	$(call Q,PAGE)$(COMPLAIN)$(HTML)/assemble $(D3) >$@

# $(1) directory, $(2) flags: the same program twice, plain and under the sanitizers.
define variant
$(1)/obj/%.o: tracer/%.c Makefile
	@mkdir -p $$(@D)
	$$(call Q,CC)$$(CC) $$(ALL_CFLAGS) $(2) -c -o $$@ $$<

$(PROTOS:%.pb-c=$(1)/obj/%.o): $(PROTOS:%=$(GEN)/%.h)

$(1)/obj/gen/%.o: $(GEN)/%.c Makefile
	@mkdir -p $$(@D)
	$$(call Q,CC)$$(CC) $$(ALL_CFLAGS) $(2) -c -o $$@ $$<

$(1)/obj/render/html-page.o: $(B)/page.html
$(1)/obj/render/html-page.o: CPPFLAGS += -DHTML_PAGE='"$(B)/page.html"'
# Its symbols are an assembler's, which a compiler that links does not see.
$(1)/obj/render/html-page.o: override CFLAGS += -fno-lto

$(1)/obj/unit/%.o: tests/unit/%.c Makefile
	@mkdir -p $$(@D)
	$$(call Q,CC)$$(CC) $$(ALL_CFLAGS) -Itests/unit $(2) -c -o $$@ $$<

$(1)/libipitrace.a: $(LIB_SRCS:tracer/%.c=$(1)/obj/%.o) $(PROTOS:%=$(1)/obj/gen/%.o)
	@rm -f $$@
	$$(call Q,AR)$$(AR) qcs $$@ $$^

$(1)/ipitrace: $(1)/obj/main.o $(1)/libipitrace.a
	$$(call Q,LINK)$$(CC) $$(CFLAGS) $(2) $$(LDFLAGS) -o $$@ $$^ $$(LIBS)

$(1)/obj/fuzz/%.o: tests/fuzz/%.c Makefile
	@mkdir -p $$(@D)
	$$(call Q,CC)$$(CC) $$(ALL_CFLAGS) -Itests/fuzz $(2) -c -o $$@ $$<

$(1)/fuzz/%: $(1)/obj/fuzz/%.o $(if $(LIBFUZZER),,$(1)/obj/fuzz/replay.o) $(1)/libipitrace.a
	@mkdir -p $$(@D)
	$$(call Q,LINK)$$(CC) $$(CFLAGS) $(2) $(LIBFUZZER) $$(NO_LTO) $$(LDFLAGS) -o $$@ $$^ $$(LIBS)

$(1)/unit/%: $(1)/obj/unit/%.o $(UNIT_COMMON:tests/unit/%.c=$(1)/obj/unit/%.o) $(1)/libipitrace.a
	@mkdir -p $$(@D)
	$$(call Q,LINK)$$(CC) $$(CFLAGS) $(2) $$(NO_LTO) $$(LDFLAGS) -o $$@ $$^ $$(LIBS)
endef

$(eval $(call variant,$(B),))
$(eval $(call variant,$(B)/asan,$(SAN)))

# Private: not of what these are made of.
# CPUs guess a few ways that part in two better than one that goes anywhere.
$(HOT:%=$(B)/obj/%.o): private override CFLAGS += $(LTO) -fno-jump-tables
$(B)/ipitrace: private override CFLAGS += $(LTO)

$(B)/examples/%: examples/%.c Makefile
	@mkdir -p $(@D)
	$(call Q,CC)$(CC) -std=gnu11 $(CPPFLAGS) $(CFLAGS) $(WARN) -MMD -MP -MF $@.d $(LDFLAGS) -o $@ $< -lpthread

# What measures or makes recordings for it.
$(B)/perf/%: tests/perf/%.c $(B)/libipitrace.a Makefile
	@mkdir -p $(@D)
	$(call Q,CC)$(CC) $(ALL_CFLAGS) -O2 $(NO_LTO) -o $@ $< $(B)/libipitrace.a $(LDFLAGS) $(LIBS)

PERF = $(B)/perf/simulate $(B)/perf/plain $(B)/perf/took
perf: $(PERF)

asan: $(B)/asan/ipitrace
tests-build: build asan $(PERF) $(UNITS:%=$(B)/unit/%) $(UNITS:%=$(B)/asan/unit/%) $(FUZZ:%=$(B)/asan/fuzz/%)

# The same tree once more, by clang and for libFuzzer (LIBFUZZER replaces replay.c).
fuzz:
	@tests/deps build test fuzz
	@$(MAKE) --no-print-directory -j$(NPROC) B=$(B)/libfuzzer CC=clang LIBFUZZER=-fsanitize=fuzzer \
		CFLAGS='$(SAN) -fsanitize=fuzzer-no-link' $(FUZZ:%=$(B)/libfuzzer/fuzz/%)
	@tests/fuzz/run $(or $(SECONDS),60) $(or $(T),$(FUZZ))

# G: groups of tests/packages.
deps:
	@tests/deps $(or $(G),build)

# Recursion, because the flags above can only be asked for once deps has run.
demo:
	@tests/deps build
	@$(MAKE) --no-print-directory -j$(NPROC) build
	@examples/demo

check:
	@tests/deps $(if $(FULL),build test lint vm full)
	@# Kernels for the lab come while the compiler works.
	@mkdir -p $(B); FULL=$(FULL) tests/run --fetch $(T) >$(B)/fetch.log 2>&1 & \
		$(MAKE) --no-print-directory -j$(NPROC) tests-build; status=$$?; wait; exit $$status
	@FULL=$(FULL) tests/run $(T)

check-all:
	@tests/deps build test lint vm full
	@$(MAKE) --no-print-directory check FULL=1

check-newcomer:
	@tests/deps build full
	@tests/run newcomer

bench:
	@tests/deps build test bench
	@$(MAKE) --no-print-directory -j$(NPROC) build perf
	@tests/bench $(BENCH_ARGS)

vm:
	@tests/deps build vm
	@$(MAKE) --no-print-directory -j$(NPROC) build
	@tests/vm/run --shell $(VM)

lint:
	@tests/deps lint
	@tests/lint $(T)

# The command as it is, quotes and all, reaches awk by the environment.
compile_commands.json: export COMPILE = $(CC) $(filter-out -MMD -MP,$(ALL_CFLAGS)) -Itests/unit
compile_commands.json:
	@printf '%s\n' $(SRCS) $(wildcard tests/unit/*.c examples/*.c) | awk -v dir='$(CURDIR)' ' \
		BEGIN { command = ENVIRON["COMPILE"]; gsub(/["\\]/, "\\\\&", command); printf "[" } \
		{ printf "%s\n{\"directory\": \"%s\", \"file\": \"%s\", \"command\": \"%s -c %s\"}", \
			(NR > 1 ? "," : ""), dir, $$0, command, $$0 } \
		END { print "\n]" }' >$@

help:
	@sed -n '1,/^$$/s/^#   //p' Makefile

# Directory and mode, then the files that go there; install and uninstall read the same lines.
define INSTALLED
$(BINDIR) 755 $(B)/ipitrace
$(MANDIR) 644 $(MANPAGES)
$(DOCDIR) 644 README.md NEWS.md $(wildcard docs/*.md docs/*.json)
$(DOCDIR)/examples 644 $(wildcard examples/*.[ch]) tests/data/demo.dat
$(DOCDIR)/examples 755 examples/reclaim-diff
$(BASHDIR) 644 docs/completion/bash/ipitrace
$(ZSHDIR) 644 docs/completion/zsh/_ipitrace
$(FISHDIR) 644 docs/completion/fish/ipitrace.fish
$(UNITDIR) 644 packaging/ipitrace-stat.service
endef
export INSTALLED DESTDIR

# A blank would make two words of a line of these; DESTDIR may have them.
PLACES	= $(foreach v,PREFIX BINDIR MANDIR DOCDIR BASHDIR ZSHDIR FISHDIR UNITDIR,$(if $(word 2,$($(v))),\
	  $(error $(v)='$($(v))': no blank can be in it (but in DESTDIR))))

install: $(B)/ipitrace
	@$(PLACES)printf '%s\n' "$$INSTALLED" | while read -r dir mode files; do \
		echo "  INSTALL $$DESTDIR$$dir"; \
		install -d "$$DESTDIR$$dir" && install -m $$mode $$files "$$DESTDIR$$dir/" || exit 1; \
	done
	@sed -i 's|^ExecStart=ipitrace |ExecStart=$(BINDIR)/ipitrace |' "$$DESTDIR$(UNITDIR)/ipitrace-stat.service"

# Directories that are empty then go as well, but those that any system has.
uninstall:
	@$(PLACES)printf '%s\n' "$$INSTALLED" | while read -r dir mode files; do \
		for f in $$files; do rm -f "$$DESTDIR$$dir/$${f##*/}"; done; \
		until [ "$$DESTDIR$$dir" = "$$DESTDIR" ]; do \
			case $$DESTDIR$$dir in $(PREFIX) | $(PREFIX)/bin | $(PREFIX)/lib | $(PREFIX)/share | $(PREFIX)/share/man) break ;; esac; \
			rmdir "$$DESTDIR$$dir" 2>/dev/null || break; \
			dir=$${dir%/*}; \
		done; \
	done
	rm -f "$(DESTDIR)$(MODDIR)/ipitrace_bench.ko"
	@for f in "$$DESTDIR"/lib/modules/*/updates/ipitrace_bench.ko; do \
		[ ! -e "$$f" ] || echo "$$f stays: it is another kernel's, whose KDIR= removes it"; \
	done

# One line instead of what make says of a directory that is not there.
HEADERS	= $(if $(word 2,$(KDIR)),$(error KDIR='$(KDIR)': the kernel's build can have no blank in it))\
	  $(if $(wildcard $(KDIR)/Makefile),,$(error $(if $(filter file,$(origin KDIR)),no headers of the running kernel: \
	  apt-get install linux-headers-$(shell uname -r)$(COMMA) or KDIR=,KDIR=$(KDIR): no headers of a kernel there)))
COMMA	:= ,
# Of the kernel that KDIR's headers belong to; without headers the path tells.
KERNEL	= $(or $(shell sed -n 's/.*UTS_RELEASE "\(.*\)"/\1/p' '$(KDIR)/include/generated/utsrelease.h' 2>/dev/null),\
	  $(patsubst /lib/modules/%/build,%,$(filter /lib/modules/%/build,$(KDIR))),\
	  $(error KDIR='$(KDIR)': of which kernel is not known))
MODDIR	= /lib/modules/$(KERNEL)/updates

module:
	@$(HEADERS)$(MAKE) --no-print-directory -C module KDIR=$(KDIR)

module_install: module
	install -d "$(DESTDIR)$(MODDIR)"
	install -m 644 module/ipitrace_bench.ko "$(DESTDIR)$(MODDIR)/"
	$(if $(DESTDIR),,depmod $(KERNEL))

deb rpm:
	@packaging/$@

clean:
	rm -rf $(B)
	@$(if $(wildcard module/*.o),$(MAKE) --no-print-directory -C module KDIR=$(KDIR) clean)

-include $(shell find $(B)/obj $(B)/asan/obj $(B)/examples -name '*.d' 2>/dev/null)
