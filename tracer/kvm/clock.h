/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kvm/clock.h - how far a guest's clock is ahead of its host's, by what cannot be otherwise.
 *
 * A send comes before the exit that it causes, and the entry of the target before the handler. So each IPI that both have
 * recorded bounds the offset (guest minus host) at its time from both sides. Between such times clocks may drift, by
 * no more than a stated rate; where both are the TSC they do not.
 *
 * Pure: no I/O. Times are of any unit, the same for both.
 */
#ifndef IPITRACE_KVM_CLOCK_H
#define IPITRACE_KVM_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* The kernel slews a clock by 500 ppm at most (MAXFREQ, include/linux/timex.h): two that are slewed apart drift so fast. */
#define KVM_DRIFT_PPM 1000

struct kvm_bound {
	uint64_t at; /* time of the guest */
	int64_t low, high;
};

struct kvm_clock {
	bool known; /* the offset is low, and high, at any time */
	int64_t low, high;
	unsigned int ppm; /* drift that is reckoned with */
	struct kvm_bound *bounds;
	unsigned int nr, room;
	bool contradicts; /* no offset is left at some time */
};

void kvm_clock_free(struct kvm_clock *c);
void kvm_clock_add(struct kvm_clock *c, uint64_t at, int64_t low, int64_t high);
/* Once all are added: sorts them, and each is narrowed by what the others leave. */
void kvm_clock_settle(struct kvm_clock *c);
/* The offset at this time of the guest is within these two; after kvm_clock_settle(). False: nothing is known. */
bool kvm_clock_at(const struct kvm_clock *c, uint64_t at, int64_t *low, int64_t *high);
/* The widest interval at the time of any bound; 0 if known. */
uint64_t kvm_clock_width(const struct kvm_clock *c);

/*
 * A stamp of a guest's TSC as its host's would be: the guest's is the host's times ratio, plus offset (kvm_scale_tsc(),
 * arch/x86/kvm/x86.c). ratio is as the CPU has it, 32 bits behind the point on SVM, 48 on VMX; 0: it counts as the host's does.
 */
uint64_t kvm_clock_host_tsc(uint64_t guest, int64_t offset, uint64_t ratio);
/* Is ratio that of a TSC that counts as the host's does? */
bool kvm_clock_unscaled(uint64_t ratio);
/* Do two files' conversions to ns, ticks * mult >> shift, tell one rate? To what kernels are content with: 0.1 %. */
bool kvm_clock_same_rate(uint32_t mult_a, uint32_t shift_a, uint32_t mult_b, uint32_t shift_b);

/* An IPI of the guest, or of the host, with both its ends; sorted by key, then by begin. */
struct kvm_way {
	uint64_t key;
	uint64_t begin, end;
};

enum kvm_guess { KVM_GUESS_NONE, KVM_GUESS_FOUND, KVM_GUESS_SEVERAL };

/*
 * Nothing is known, and there is one offset by which the IPIs of the guest have each its own of the host. Adds a bound for
 * all of those that are certain. nr_guest and nr_host up to some 100,000 of one key take a second.
 */
enum kvm_guess kvm_clock_guess(struct kvm_clock *c, const struct kvm_way *guest, unsigned int nr_guest,
			       const struct kvm_way *host, unsigned int nr_host);

#endif
