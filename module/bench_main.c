// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench_main.c - /dev/ipitrace_bench: ioctls and the results kept with a file.
 *
 * Loading registers the device and a CPU-hotplug callback and runs nothing. An
 * open file holds a reference to the module, and so does a run until its last
 * thread is gone, whatever became of its caller.
 */
#include <linux/cpumask.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "bench.h"

struct bench_file {
	struct mutex lock; /* results; held during a run */
	struct bench_result res;
};

static int bench_open(struct inode *inode, struct file *file)
{
	struct bench_file *bf = kzalloc(sizeof(*bf), GFP_KERNEL);

	if (!bf)
		return -ENOMEM;
	mutex_init(&bf->lock);
	file->private_data = bf;
	return nonseekable_open(inode, file);
}

static int bench_release(struct inode *inode, struct file *file)
{
	struct bench_file *bf = file->private_data;

	bench_result_free(&bf->res);
	kfree(bf);
	return 0;
}

static long do_info(void __user *argp)
{
	struct ipitrace_bench_info info;

	if (copy_from_user(&info, argp, sizeof(info)))
		return -EFAULT;
	if (info.version != IPITRACE_BENCH_VERSION || info.reserved_in ||
	    memchr_inv(info.reserved, 0, sizeof(info.reserved)))
		return -EINVAL;
	info.features = bench_features();
	info.nr_primitives = IPITRACE_BENCH_NR_PRIMITIVES;
	info.nr_cpu_ids = nr_cpu_ids;
	info.nr_online = num_online_cpus();
	info.max_samples = IPITRACE_BENCH_MAX_SAMPLES;
	info.max_burst = IPITRACE_BENCH_MAX_BURST;
	info.max_iterations = IPITRACE_BENCH_MAX_ITERATIONS;
	info.max_pace_ns = IPITRACE_BENCH_MAX_PACE_NS;
	info.max_handler_ns = IPITRACE_BENCH_MAX_HANDLER_NS;
	info.max_irqs_off_ns = IPITRACE_BENCH_MAX_IRQS_OFF_NS;
	info.max_timeout_ns = IPITRACE_BENCH_MAX_TIMEOUT_NS;
	return copy_to_user(argp, &info, sizeof(info)) ? -EFAULT : 0;
}

static long do_prim(void __user *argp)
{
	struct ipitrace_bench_prim prim;
	const struct bench_op *op;

	if (copy_from_user(&prim, argp, sizeof(prim)))
		return -EFAULT;
	if (prim.version != IPITRACE_BENCH_VERSION || prim.reserved || prim.primitive >= IPITRACE_BENCH_NR_PRIMITIVES)
		return -EINVAL;
	op = &bench_ops[prim.primitive];
	prim.flags = op->flags;
	strscpy_pad(prim.name, op->name, sizeof(prim.name));
	strscpy_pad(prim.function, op->function, sizeof(prim.function));
	strscpy_pad(prim.handler, op->handler, sizeof(prim.handler));
	return copy_to_user(argp, &prim, sizeof(prim)) ? -EFAULT : 0;
}

static u32 *copy_list(u64 ptr, u32 nr)
{
	u32 *list;

	if (!nr)
		return NULL;
	list = kvmalloc_array(nr, sizeof(*list), GFP_KERNEL);
	if (!list)
		return ERR_PTR(-ENOMEM);
	if (copy_from_user(list, u64_to_user_ptr(ptr), array_size(nr, sizeof(*list)))) {
		kvfree(list);
		return ERR_PTR(-EFAULT);
	}
	return list;
}

static bool run_form_ok(const struct ipitrace_bench_run *arg)
{
	const size_t out = offsetof(struct ipitrace_bench_run, stop_reason);

	return arg->version == IPITRACE_BENCH_VERSION && arg->primitive < IPITRACE_BENCH_NR_PRIMITIVES &&
	       arg->nr_senders >= 1 && arg->nr_senders <= min_t(u32, nr_cpu_ids, IPITRACE_BENCH_MAX_CPUS) &&
	       arg->nr_targets <= min_t(u32, nr_cpu_ids, IPITRACE_BENCH_MAX_CPUS) &&
	       (arg->nr_targets || !arg->targets) && !memchr_inv(arg->reserved_in, 0, sizeof(arg->reserved_in)) &&
	       !memchr_inv((const char *)arg + out, 0, sizeof(*arg) - out);
}

static long do_run(struct bench_file *bf, void __user *argp)
{
	u32 *senders = NULL, *targets = NULL;
	struct ipitrace_bench_run arg;
	long ret;

	if (copy_from_user(&arg, argp, sizeof(arg)))
		return -EFAULT;
	if (!run_form_ok(&arg))
		return -EINVAL;
	senders = copy_list(arg.senders, arg.nr_senders);
	targets = copy_list(arg.targets, arg.nr_targets);
	if (IS_ERR(senders) || IS_ERR(targets)) {
		ret = IS_ERR(senders) ? PTR_ERR(senders) : PTR_ERR(targets);
		goto out;
	}
	ret = bench_claim();
	if (ret)
		goto out;
	bench_result_free(&bf->res);
	ret = bench_run(&arg, senders, targets, &bf->res);
	if ((!ret || arg.stop_reason) && copy_to_user(argp, &arg, sizeof(arg)))
		return -EFAULT;
	return ret;
out:
	if (!IS_ERR(senders))
		kvfree(senders);
	if (!IS_ERR(targets))
		kvfree(targets);
	return ret;
}

static long do_read(struct bench_file *bf, void __user *argp)
{
	struct ipitrace_bench_read rd;
	u64 nr;

	if (copy_from_user(&rd, argp, sizeof(rd)))
		return -EFAULT;
	if (rd.version != IPITRACE_BENCH_VERSION || rd.reserved)
		return -EINVAL;
	if (!bf->res.samples)
		return -ENODATA;
	if (rd.first > bf->res.nr_samples)
		return -EINVAL;
	nr = min(rd.count, bf->res.nr_samples - rd.first);
	if (copy_to_user(u64_to_user_ptr(rd.buf), bf->res.samples + rd.first,
			 nr * sizeof(struct ipitrace_bench_sample)))
		return -EFAULT;
	rd.count = nr;
	return copy_to_user(argp, &rd, sizeof(rd)) ? -EFAULT : 0;
}

static long do_hist(struct bench_file *bf, void __user *argp)
{
	struct ipitrace_bench_hist hist;
	const struct bench_hist *h;

	if (copy_from_user(&hist, argp, sizeof(hist)))
		return -EFAULT;
	if (hist.version != IPITRACE_BENCH_VERSION || hist.reserved || hist.kind >= IPITRACE_BENCH_NR_HISTS ||
	    hist.nr_buckets != IPITRACE_BENCH_HIST_BUCKETS)
		return -EINVAL;
	h = &bf->res.hist[hist.kind];
	if (!h->buckets)
		return -ENODATA;
	if (copy_to_user(u64_to_user_ptr(hist.buckets), h->buckets, IPITRACE_BENCH_HIST_BUCKETS * sizeof(u64)))
		return -EFAULT;
	hist.count = h->count;
	hist.sum = h->sum;
	hist.min = h->min;
	hist.max = h->max;
	hist.negative = h->negative;
	return copy_to_user(argp, &hist, sizeof(hist)) ? -EFAULT : 0;
}

static long bench_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct bench_file *bf = file->private_data;
	void __user *argp = (void __user *)arg;
	long ret;

	switch (cmd) {
	case IPITRACE_BENCH_INFO:
		return do_info(argp);
	case IPITRACE_BENCH_PRIM:
		return do_prim(argp);
	case IPITRACE_BENCH_RUN:
	case IPITRACE_BENCH_READ:
	case IPITRACE_BENCH_HIST:
		break;
	default:
		return -ENOTTY;
	}
	if (mutex_lock_interruptible(&bf->lock))
		return -EINTR;
	if (cmd == IPITRACE_BENCH_RUN)
		ret = do_run(bf, argp);
	else if (cmd == IPITRACE_BENCH_READ)
		ret = do_read(bf, argp);
	else
		ret = do_hist(bf, argp);
	mutex_unlock(&bf->lock);
	return ret;
}

static const struct file_operations bench_fops = {
	.owner = THIS_MODULE,
	.open = bench_open,
	.release = bench_release,
	.unlocked_ioctl = bench_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static struct miscdevice bench_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = IPITRACE_BENCH_DEVICE,
	.mode = 0600,
	.fops = &bench_fops,
};

static int __init bench_init(void)
{
	int ret;

	/* The interface is for all architectures alike. */
	BUILD_BUG_ON(sizeof(struct ipitrace_bench_info) != 104);
	BUILD_BUG_ON(sizeof(struct ipitrace_bench_prim) != 120);
	BUILD_BUG_ON(sizeof(struct ipitrace_bench_run) != 296);
	BUILD_BUG_ON(sizeof(struct ipitrace_bench_sample) != 48);
	BUILD_BUG_ON(sizeof(struct ipitrace_bench_read) != 32);
	BUILD_BUG_ON(sizeof(struct ipitrace_bench_hist) != 64);

	ret = bench_life_init();
	if (ret)
		return ret;
	ret = misc_register(&bench_misc);
	if (ret)
		bench_life_exit();
	return ret;
}

static void __exit bench_exit(void)
{
	misc_deregister(&bench_misc);
	bench_life_exit();
}

module_init(bench_init);
module_exit(bench_exit);

MODULE_DESCRIPTION("Controlled inter-processor interrupts: benchmark and oracle of ipitrace");
MODULE_LICENSE("GPL");
MODULE_VERSION("1");
