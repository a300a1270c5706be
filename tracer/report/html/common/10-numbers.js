// SPDX-License-Identifier: GPL-2.0-only
// What a page has been given, and numbers as text; percentiles of buckets.

const given = JSON.parse(document.getElementById("data").textContent);

// --- numbers as text ---

const THIN = "\u202f";

// "44,911", as the verdict has it.
function formatCount(n) {
	if (n === null || n === undefined)
		return "–";
	return String(Math.round(n)).replace(/\B(?=(\d{3})+$)/g, ",");
}

// "1 hit", "2 hits".
function countOf(n, one, many) {
	return `${formatCount(n)} ${n === 1 ? one : many || `${one}s`}`;
}

// Three digits: 9.54 µs.
function formatNs(ns) {
	if (ns === null || ns === undefined)
		return "–";
	const units = ["ns", "µs", "ms", "s"];
	let value = ns, unit = 0;
	while (value >= 999.5 && unit < 3) {
		value /= 1000;
		unit++;
	}
	if (!unit)
		return `${Math.round(value)}${THIN}ns`;
	return `${value.toFixed(value < 9.995 ? 2 : value < 99.95 ? 1 : 0)}${THIN}${units[unit]}`;
}

// Below most in its unit, so that all of an axis are in the same.
function formatRate(perSecond, most = perSecond) {
	if (most >= 999500)
		return `${(perSecond / 1e6).toPrecision(3)}${THIN}M/s`;
	if (most >= 9995)
		return `${(perSecond / 1e3).toPrecision(3)}${THIN}k/s`;
	return `${perSecond >= 100 ? formatCount(perSecond) : Number(perSecond.toPrecision(3))}/s`;
}

function formatPercent(share) {
	const percent = 100 * share;
	return `${percent && percent < 0.1 ? "<0.1" : percent.toFixed(percent < 9.95 ? 1 : 0)}${THIN}%`;
}

// The unit that a length of time is told in: [its name, how many ns, digits that make one].
function timeUnit(length_ns) {
	return length_ns >= 1e9 ? ["s", 1e9, 9] : length_ns >= 1e6 ? ["ms", 1e6, 6] : length_ns >= 1e3 ? ["µs", 1e3, 3] : ["ns", 1, 0];
}

// A point of something that is whole_ns long, with as many digits as a window of this length asks for.
function formatPoint(ns, whole_ns, window_ns) {
	const [name, unit, most] = timeUnit(whole_ns);
	const digits = Math.max(0, Math.min(most, Math.ceil(most + 2 - Math.log10(Math.max(1, window_ns)))));
	return `${(ns / unit).toFixed(digits)}${THIN}${name}`;
}

// Ticks of an axis from 0 on, or from a later point, all in the unit of its length: [[ns, text], ...].
function lengthTicks(length_ns, about, from_ns = 0) {
	const [name, unit] = timeUnit(length_ns);
	const ticks = d3.ticks(from_ns / unit, (from_ns + length_ns) / unit, about), step = ticks.length > 1 ? ticks[1] - ticks[0] : 1;
	const digits = Math.max(0, Math.ceil(-Math.log10(step) - 1e-9));
	return ticks.map((t) => [t * unit, t ? `${t.toFixed(digits)}${THIN}${name}` : "0"]);
}

// --- distributions ---

// counts: by bucket. Numbers as the report has them, but within half a bucket.
function percentile(counts, total, p) {
	let sum = 0;
	const want = Math.max(1, Math.ceil(p * total));
	for (const [low, high, n] of counts) {
		sum += n;
		if (sum >= want)
			return (low + high) / 2;
	}
	return null;
}

// [[low, high, n], ...] of bucket numbers, without the untimed.
function toBuckets(map, bits) {
	return [...map].map(([bucket, n]) => [bucketLow(bucket, bits), bucketHigh(bucket, bits), n])
		.filter(([low]) => low < UNTIMED_NS).sort((x, y) => x[0] - y[0]);
}

// The least value of a bucket: 1 << bits of them a power of two.
function bucketLow(bucket, bits) {
	if (bits === null || bucket < 1 << bits)
		return bits === null ? 0 : bucket;
	const shift = (bucket >> bits) - 1;
	return (bucket - shift * (1 << bits)) * 2 ** shift;
}

function bucketHigh(bucket, bits) {
	return bucketLow(bucket + 1, bits);
}

// Far above all durations: hits that have none.
const UNTIMED_NS = 2 ** 62;
