/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ipitrace_bench.h - interface of the benchmark module, /dev/ipitrace_bench.
 *
 * Shared by module/ and user space. One open file is one bench: a run blocks
 * in IPITRACE_BENCH_RUN, its samples stay with the file until the next run or
 * close. Only one run at a time on the machine (-EBUSY). Every structure has
 * a fixed size and layout on all architectures; numbers are given by hand and
 * never reused; every "reserved" field and every undefined flag must be zero.
 * All times are ns of ktime_get_mono_fast_ns(), the clock of a "mono" trace.
 * The kernel stores what happened; statistics are user space's job.
 */
#ifndef IPITRACE_BENCH_H
#define IPITRACE_BENCH_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define IPITRACE_BENCH_DEVICE  "ipitrace_bench" /* below /dev, mode 0600 */
#define IPITRACE_BENCH_VERSION 1

/* What is done. The label is also the word for --modes; a kernel's list comes from IPITRACE_BENCH_PRIM. */
enum ipitrace_bench_primitive {
	IPITRACE_BENCH_DRY_RUN = 0,	    /* all but the IPI: stamps, loop, bookkeeping */
	IPITRACE_BENCH_SELF = 1,	    /* smp_call_function_single() of the own CPU: a local call, no IPI */
	IPITRACE_BENCH_SINGLE = 2,	    /* smp_call_function_single(wait = 1) */
	IPITRACE_BENCH_ASYNC = 3,	    /* smp_call_function_single_async(), one in flight per sender */
	IPITRACE_BENCH_MANY = 4,	    /* smp_call_function_many(all targets, wait = 1) */
	IPITRACE_BENCH_BROADCAST = 5,	    /* smp_call_function(wait = 1) */
	IPITRACE_BENCH_BROADCAST_LOCK = 6,  /* broadcast; senders contend on one lock, handlers on another */
	IPITRACE_BENCH_KICK_ALL = 7,	    /* kick_all_cpus_sync(): the kernel's handler, no entry stamp */
	IPITRACE_BENCH_IRQ_WORK = 8,	    /* irq_work_queue(): interrupt to self where the machine has one */
	IPITRACE_BENCH_RESCHEDULE = 9,	    /* kick_process() of a thread that spins on the target */
	IPITRACE_BENCH_RESCHEDULE_RAW = 10, /* smp_send_reschedule(), x86 only */
	IPITRACE_BENCH_WAKEUP = 11,	    /* wake_up_process() of a thread asleep on the target */
	IPITRACE_BENCH_STORM = 12,	    /* async calls, up to `burst` of each sender in flight: they coalesce */
	IPITRACE_BENCH_NR_PRIMITIVES = 13,
};

/* What the targets do meanwhile. */
enum ipitrace_bench_state {
	IPITRACE_BENCH_STATE_IDLE = 0, /* nothing is added: idle, unless the machine is busy */
	IPITRACE_BENCH_STATE_BUSY = 1, /* a kernel thread spins there: a polling idle loop can't elide the IPI */
	/*
	 * Interrupts are off on every target from before each send until irqs_off_ns
	 * after it ("window"), so delivery takes at least irqs_off_ns. All senders
	 * work in step: a round is one send of each (storm: `burst` of each).
	 */
	IPITRACE_BENCH_STATE_IRQS_OFF = 2,
	IPITRACE_BENCH_NR_STATES = 3,
};

/* ipitrace_bench_info.features */
#define IPITRACE_BENCH_FEAT_IRQ_SEQ  0x1 /* irq_seq is filled in: interrupts can be told apart */
#define IPITRACE_BENCH_FEAT_IRQ_KIND 0x2 /* irq_seq counts interrupts of the primitive's kind, not all (x86) */
#define IPITRACE_BENCH_FEAT_DUE	     0x4 /* kicks that may have had nobody to kick bear S_UNDECIDED */

/* ipitrace_bench_prim.flags */
#define IPITRACE_BENCH_P_AVAILABLE  0x01  /* this kernel offers it */
#define IPITRACE_BENCH_P_TARGETS    0x02  /* takes a target list; without this flag nr_targets must be 0 */
#define IPITRACE_BENCH_P_MASK	    0x04  /* each send goes to all targets (listed or implied): one sample per target */
#define IPITRACE_BENCH_P_ALL	    0x08  /* targets implied: every online CPU but the sender */
#define IPITRACE_BENCH_P_HANDLER    0x10  /* a handler of ours stamps entry_ns; handler_ns is allowed */
#define IPITRACE_BENCH_P_WAITS	    0x20  /* the sender waits for the handler inside the call */
#define IPITRACE_BENCH_P_NO_IPI	    0x40  /* by its nature sends no IPI (dry-run, self) */
#define IPITRACE_BENCH_P_NEEDS_BUSY 0x80  /* not in IPITRACE_BENCH_STATE_IDLE: needs our thread on the target */
#define IPITRACE_BENCH_P_BURST	    0x100 /* takes burst > 1 */
#define IPITRACE_BENCH_P_LOCAL	    0x200 /* targets its own CPU: state must be idle */

/* ipitrace_bench_sample.flags */
#define IPITRACE_BENCH_S_NO_IRQ	   0x01 /* no interrupt: ran outside hard-interrupt context, or never seen to arrive */
#define IPITRACE_BENCH_S_WRONG_CPU 0x02 /* the handler ran on another CPU than asked */
#define IPITRACE_BENCH_S_COALESCED                                                                                     \
	0x04 /* shared its interrupt with the run's previous call on that CPU (needs IRQ_SEQ) */
#define IPITRACE_BENCH_S_NO_ENTRY 0x08 /* entry_ns is 0: nothing of ours runs on the target, or it was not reached */
#define IPITRACE_BENCH_S_THREAD	  0x10 /* entry_ns was taken by a thread after the interrupt, not by its handler */
#define IPITRACE_BENCH_S_WINDOW                                                                                        \
	0x20 /* sent entirely while interrupts were off on the target, which held for irqs_off_ns more */
#define IPITRACE_BENCH_S_UNCONFIRMED 0x40 /* whether an interrupt happened could not be observed on this machine */
/*
 * kick_process() sends only while its task is on its CPU (kernel/sched/core.c). Without
 * this flag the spinner was, from before the kick until after it: an IPI was due.
 */
#define IPITRACE_BENCH_S_UNDECIDED 0x80

/* Limits, also told by IPITRACE_BENCH_INFO. */
#define IPITRACE_BENCH_MAX_CPUS	       8192
#define IPITRACE_BENCH_MAX_ITERATIONS  100000000 /* per sender, warm-up included */
#define IPITRACE_BENCH_MAX_SAMPLES     4194304	 /* 192 MiB of samples */
#define IPITRACE_BENCH_MAX_BURST       256
#define IPITRACE_BENCH_MAX_PACE_NS     1000000000ULL
#define IPITRACE_BENCH_MAX_HANDLER_NS  10000000ULL
#define IPITRACE_BENCH_MAX_IRQS_OFF_NS 10000000ULL
/* Longest time that handlers of one run may keep one CPU in interrupts at a stretch: handler_ns x senders x burst. */
#define IPITRACE_BENCH_MAX_STRETCH_NS 500000000ULL
#define IPITRACE_BENCH_MAX_TIMEOUT_NS 600000000000ULL
#define IPITRACE_BENCH_DEF_TIMEOUT_NS 30000000000ULL
#define IPITRACE_BENCH_GRACE_NS	      2000000000ULL

struct ipitrace_bench_info {
	__u32 version;	   /* in: IPITRACE_BENCH_VERSION */
	__u32 reserved_in; /* in: 0 */
	__u32 features;	   /* IPITRACE_BENCH_FEAT_* */
	__u32 nr_primitives;
	__u32 nr_cpu_ids;
	__u32 nr_online;
	__u32 max_samples;
	__u32 max_burst;
	__u64 max_iterations;
	__u64 max_pace_ns;
	__u64 max_handler_ns;
	__u64 max_irqs_off_ns;
	__u64 max_timeout_ns;
	__u64 reserved[4];
}; /* 104 bytes */

struct ipitrace_bench_prim {
	__u32 version;	 /* in */
	__u32 primitive; /* in: enum ipitrace_bench_primitive */
	__u32 flags;	 /* IPITRACE_BENCH_P_* */
	__u32 reserved;
	char name[24];	   /* "single" */
	char function[40]; /* the noinline sender, as a trace's stack shows it: "ipitrace_bench_single" */
	char handler[40];  /* what runs on the target, as csd events show it; "" = nothing of ours */
};			   /* 120 bytes */

/* ipitrace_bench_run.flags */
#define IPITRACE_BENCH_R_HISTOGRAM 0x1 /* fill histograms instead of storing samples */

/* ipitrace_bench_run.stop_reason */
enum ipitrace_bench_stop {
	IPITRACE_BENCH_STOP_DONE = 0,
	IPITRACE_BENCH_STOP_SIGNAL = 1,	 /* the ioctl failed with EINTR */
	IPITRACE_BENCH_STOP_HOTPLUG = 2, /* ENODEV: a CPU of the run went away (broadcasts: or came) */
	IPITRACE_BENCH_STOP_TIMEOUT = 3, /* ETIMEDOUT */
	IPITRACE_BENCH_STOP_MOVED = 4,	 /* ENODEV: a sender was taken off its CPU */
	/*
	 * The errno tells why the run was stopped; but stop_cpu does not run our thread
	 * there (a real-time task?), so it could not be ended in time either. There is no
	 * result, and RUN fails with EINPROGRESS until the thread is gone.
	 */
	IPITRACE_BENCH_STOP_STUCK = 5,
};

/*
 * One run. On EINTR, ENODEV and ETIMEDOUT the result fields are valid, too,
 * and hold what was done until then; without a stop_reason it had not begun.
 * stop_cpu is valid for HOTPLUG, MOVED and STUCK (IPITRACE_BENCH_ALL_CPUS: what
 * makes or ends the threads did not run). A run ends at most
 * IPITRACE_BENCH_GRACE_NS after its time limit or a signal; at once after a fatal one.
 */
struct ipitrace_bench_run {
	/* in */
	__u32 version;
	__u32 primitive;
	__u32 state;
	__u32 flags;
	__u32 nr_senders; /* 1 .. online CPUs */
	__u32 nr_targets;
	__u64 senders; /* pointer to __u32[nr_senders]: CPU numbers, no duplicates */
	/*
	 * Pointer to __u32[nr_targets], no duplicates. Without P_MASK a sender takes
	 * them in turn, starting at its own index; its own CPU is skipped. A target
	 * may be a sender only in the idle state.
	 */
	__u64 targets;
	__u64 iterations;  /* sends per sender that are measured, >= 1 */
	__u64 warmup;	   /* sends per sender before, not measured */
	__u32 burst;	   /* P_BURST: calls in flight per sender, >= 1; others: 0 */
	__u32 max_samples; /* of all senders together; 0 = as many as needed, up to the limit */
	__u64 pace_ns;	   /* from one send's start to the next one's; 0 = back to back */
	__u64 handler_ns;  /* the handler spins so long after its stamp */
	__u64 irqs_off_ns; /* STATE_IRQS_OFF: >= 1; others: 0 */
	__u64 timeout_ns;  /* 0 = IPITRACE_BENCH_DEF_TIMEOUT_NS; from the call on */
	__u64 reserved_in[4];
	/* out; must be zero on input */
	__u32 stop_reason; /* enum ipitrace_bench_stop */
	__u32 stop_cpu;
	__u64 sends; /* measured sends, all senders */
	__u64 warmup_sends;
	__u64 hits;	    /* measured (send, target) pairs; equals sends unless P_MASK */
	__u64 nr_samples;   /* stored: hits == nr_samples + nr_truncated (without R_HISTOGRAM) */
	__u64 nr_truncated; /* hits counted, but not stored for want of room */
	/* hits by flag; a hit can count in several */
	__u64 no_irq;
	__u64 wrong_cpu;
	__u64 coalesced;
	__u64 no_entry;
	__u64 unconfirmed;
	__u64 windows;	      /* times that interrupts were held off, warm-up included, all targets */
	__u64 windows_missed; /* of these, not held for irqs_off_ns after the round's last send */
	__u64 start_ns;	      /* barrier before the first measured send */
	__u64 end_ns;	      /* last sender done */
	__u64 busy_ns;	      /* sum over senders of their measured loop, without rest_ns */
	__u64 rest_ns;	      /* sum over senders of forced rests (below) */
	__u64 undecided;      /* hits by flag, as above */
	__u64 kept_ns; /* of busy_ns, what senders were ready to run and did not; 0 also where the kernel can't say */
	__u64 reserved_out[2];
}; /* 296 bytes */

/*
 * Forced rests: so that neither watchdog nor RCU starves, however hard the run,
 * every sender sleeps for IPITRACE_BENCH_REST_NS once in IPITRACE_BENCH_REST_EVERY_NS,
 * all at the same time, between two sends. Not part of any sample.
 */
#define IPITRACE_BENCH_REST_EVERY_NS 200000000ULL
#define IPITRACE_BENCH_REST_NS	     5000000ULL

/*
 * One (send, target) pair. Samples of one sender are contiguous and in order of
 * seq; senders follow each other in the order of ipitrace_bench_run.senders.
 */
struct ipitrace_bench_sample {
	__u64 send_ns;	 /* just before the kernel's function is called */
	__u64 entry_ns;	 /* first thing in the handler; 0 with S_NO_ENTRY */
	__u64 return_ns; /* just after the kernel's function returned to the sender */
	__u32 seq;	 /* measured send of this sender, from 0 */
	__u32 source;
	__u32 target;  /* IPITRACE_BENCH_ALL_CPUS: kick-all, one sample per send */
	__u32 flags;   /* IPITRACE_BENCH_S_* */
	__u32 irq_seq; /* target's count of such interrupts, as the handler saw it: same number = same interrupt */
	__u32 window;  /* state irqs-off: the target's window, from 1; else 0 */
};		       /* 48 bytes */

#define IPITRACE_BENCH_ALL_CPUS 0xffffffffU

struct ipitrace_bench_read {
	__u32 version;	/* in */
	__u32 reserved; /* in: 0 */
	__u64 first;	/* in: index of the first sample, <= nr_samples */
	__u64 count;	/* in: room at buf in samples; out: samples copied, 0 = end */
	__u64 buf;	/* in: pointer to struct ipitrace_bench_sample[count] */
};			/* 32 bytes */

/*
 * R_HISTOGRAM: log-linear, 2^SUB_BITS buckets per power of two, all of u64:
 * v < 2^SUB_BITS lies in bucket v; else, with e = floor(log2(v)),
 * (e - SUB_BITS + 1) * 2^SUB_BITS + (v >> (e - SUB_BITS)) - 2^SUB_BITS.
 * Hits with S_NO_IRQ, S_WRONG_CPU or S_NO_ENTRY are not in DELIVERY; TOTAL has each send once.
 */
#define IPITRACE_BENCH_HIST_SUB_BITS 5
#define IPITRACE_BENCH_HIST_BUCKETS  1920

enum ipitrace_bench_hist_kind {
	IPITRACE_BENCH_HIST_DELIVERY = 0, /* entry_ns - send_ns */
	IPITRACE_BENCH_HIST_TOTAL = 1,	  /* return_ns - send_ns */
	IPITRACE_BENCH_NR_HISTS = 2,
};

struct ipitrace_bench_hist {
	__u32 version;	  /* in */
	__u32 kind;	  /* in */
	__u32 nr_buckets; /* in: IPITRACE_BENCH_HIST_BUCKETS */
	__u32 reserved;	  /* in: 0 */
	__u64 buckets;	  /* in: pointer to __u64[nr_buckets] */
	__u64 count;	  /* out */
	__u64 sum;
	__u64 min; /* 0 when empty */
	__u64 max;
	__u64 negative; /* entry (TOTAL: return) before send: the clock lies; counted, not filed */
};			/* 64 bytes */

/*
 * Errors of RUN: EINVAL a value or combination (nothing was started), ENXIO a CPU is
 * not online, EOPNOTSUPP this kernel lacks the primitive, EBUSY another run, EINPROGRESS
 * an earlier run was given up and its threads are not gone yet, ENOMEM, EAGAIN no thread can be made;
 * of READ and HIST: ENODATA no (such) result. ENOTTY: other ioctl numbers.
 */
#define IPITRACE_BENCH_IOC  0xb7
#define IPITRACE_BENCH_INFO _IOWR(IPITRACE_BENCH_IOC, 0, struct ipitrace_bench_info)
#define IPITRACE_BENCH_PRIM _IOWR(IPITRACE_BENCH_IOC, 1, struct ipitrace_bench_prim)
#define IPITRACE_BENCH_RUN  _IOWR(IPITRACE_BENCH_IOC, 2, struct ipitrace_bench_run)
#define IPITRACE_BENCH_READ _IOWR(IPITRACE_BENCH_IOC, 3, struct ipitrace_bench_read)
#define IPITRACE_BENCH_HIST _IOWR(IPITRACE_BENCH_IOC, 4, struct ipitrace_bench_hist)

#endif
