// SPDX-License-Identifier: GPL-2.0-only
// A distribution of times on a logarithmic axis.

// [lowest value, count, ...] by eight buckets a power of two: [[low, high, n], ...].
function bucketsOf(flat) {
	const out = [];

	for (let i = 0; i < flat.length; i += 2) {
		const low = flat[i], width = Math.max(1, 2 ** (Math.floor(Math.log2(Math.max(low, 8))) - 3));
		out.push([low, low + width, flat[i + 1]]);
	}
	return out;
}

// Powers of ten, and what is between them where there are too few of these.
function timeTicks(low, high) {
	const within = (steps) => {
		const ticks = [];
		for (let unit = 1; unit <= high; unit *= 10)
			ticks.push(...steps.map((k) => k * unit));
		return ticks.filter((t) => t >= low && t <= high);
	};
	const tens = within([1]);

	if (tens.length > 4)
		return tens.filter((t) => Math.round(Math.log10(t)) % Math.ceil(tens.length / 4) === 0);
	if (tens.length > 1)
		return tens;
	const few = within([1, 2, 5]);
	return few.length > 1 ? few : within([1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9]).slice(0, 3);
}

// Where text of this width is beside others: within a picture of that width, and off what is taken.
function placeText(at, wide, width, taken) {
	return Math.max(Math.min(Math.max(at - wide / 2, 0), width - wide), taken + 8);
}

// marks: [[name, ns, "≈" or ""], ...]; axes: { low, high, share } where several are to have the same, or null.
function histogramOf(counts, marks, name, axes) {
	const width = 340, height = 138, margin = { top: 32, right: 14, bottom: 20, left: 12 };
	const low = axes ? axes.low : counts[0][0] || 1;
	const high = Math.max(axes ? axes.high : counts[counts.length - 1][1], low * 2);
	const total = d3.sum(counts, (c) => c[2]);
	const x = d3.scaleLog().domain([low, high]).range([margin.left, width - margin.right]);
	const y = d3.scaleLinear().domain([0, axes ? axes.share * total : d3.max(counts, (c) => c[2])]).range([height - margin.bottom, margin.top]);
	const svg = d3.create("svg").attr("viewBox", `0 0 ${width} ${height}`).attr("class", "hist").attr("role", "img")
		.attr("aria-label", `${name}: ${marks.map(([k, v, mark]) => `${k} ${mark}${formatNs(v)}`).join(", ")}`);
	// Six pixels and a bit a letter of 11 pixels: what does not fit beside the one before goes a line lower, or away.
	const LETTER = 6.3, taken = [-Infinity, -Infinity];

	const tick = svg.append("g").attr("class", "axis").attr("transform", `translate(0,${height - margin.bottom})`)
		.call(d3.axisBottom(x).tickValues(timeTicks(low, high)).tickFormat(formatNs).tickSizeOuter(0)).selectAll(".tick text");
	tick.attr("text-anchor", (t) => (x(t) > width - 30 ? "end" : x(t) < 30 ? "start" : "middle"))
		.attr("x", (t) => (x(t) > width - 30 ? width - x(t) - 1 : x(t) < 30 ? 1 - x(t) : 0));
	svg.selectAll("rect").data(counts).join("rect").attr("class", "hbar")
		.attr("x", (c) => x(Math.max(c[0], low))).attr("width", (c) => Math.max(1, x(c[1]) - x(Math.max(c[0], low)) - 0.5))
		.attr("y", (c) => y(c[2])).attr("height", (c) => y(0) - y(c[2]))
		.append("title").text((c) => `${formatNs(c[0])} … ${formatNs(c[1])}: ${formatCount(c[2])}`);
	marks.filter(([, v]) => v !== null).forEach(([k, v, mark]) => {
		const at = Math.min(x.range()[1], Math.max(x.range()[0], x(Math.max(v, low))));
		const text = `${k} ${mark}${formatNs(v)}`, wide = LETTER * text.length;
		const line = [0, 1].find((i) => {
			const left = placeText(at, wide, width, taken[i]);
			return left <= width - wide && Math.abs(left + wide / 2 - at) < wide;
		});
		svg.append("line").attr("class", "mark").attr("x1", at).attr("x2", at).attr("y1", margin.top - 4).attr("y2", y(0));
		const on = line === undefined ? (taken[0] <= taken[1] ? 0 : 1) : line;
		const first = Math.min(placeText(at, wide, width, taken[on]), width - wide);
		svg.append("text").attr("class", "mark").attr("x", first).attr("y", on ? 25 : 11).text(text);
		taken[on] = first + wide;
		const near = Math.min(Math.max(at, first), first + wide);
		svg.append("line").attr("class", "mark").attr("x1", near).attr("x2", at).attr("y1", on ? 27 : 13).attr("y2", margin.top - 4);
	});
	return svg.node();
}

function histogram(counts, marks, name, about) {
	return el("figure", {}, el("figcaption", {}, el("strong", {}, name), ` ${about}`), histogramOf(counts, marks, name, null));
}
