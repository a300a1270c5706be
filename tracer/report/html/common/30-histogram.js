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

function timeTicks(low, high) {
	const ticks = [];

	for (let unit = 1; unit <= high; unit *= 10)
		if (unit >= low && (high / low < 1e4 || Math.round(Math.log10(unit)) % 2 === 0))
			ticks.push(unit);
	if (ticks.length >= 2)
		return ticks;
	for (const k of [2, 5])
		for (let unit = 1; unit * k <= high; unit *= 10)
			if (unit * k >= low)
				ticks.push(unit * k);
	return ticks;
}

// marks: [[name, ns, "≈" or ""], ...]; domain: [low, high] where several are to have the same axis, or null.
function histogram(counts, marks, name, about, domain) {
	const width = 340, height = 132, margin = { top: 26, right: 14, bottom: 20, left: 12 };
	const low = domain ? domain[0] : counts[0][0] || 1;
	const high = Math.max(domain ? domain[1] : counts[counts.length - 1][1], low * 2);
	const x = d3.scaleLog().domain([low, high]).range([margin.left, width - margin.right]);
	const y = d3.scaleLinear().domain([0, d3.max(counts, (c) => c[2])]).range([height - margin.bottom, margin.top]);
	const svg = d3.create("svg").attr("viewBox", `0 0 ${width} ${height}`).attr("class", "hist").attr("role", "img")
		.attr("aria-label", `${name}: ${marks.map(([k, v, mark]) => `${k} ${mark}${formatNs(v)}`).join(", ")}`);
	let taken = -Infinity;

	svg.append("g").attr("class", "axis").attr("transform", `translate(0,${height - margin.bottom})`)
		.call(d3.axisBottom(x).tickValues(timeTicks(low, high)).tickFormat(formatNs).tickSizeOuter(0));
	svg.selectAll("rect").data(counts).join("rect").attr("class", "hbar")
		.attr("x", (c) => x(Math.max(c[0], low))).attr("width", (c) => Math.max(1, x(c[1]) - x(Math.max(c[0], low)) - 0.5))
		.attr("y", (c) => y(c[2])).attr("height", (c) => y(0) - y(c[2]))
		.append("title").text((c) => `${formatNs(c[0])} … ${formatNs(c[1])}: ${formatCount(c[2])}`);
	marks.filter(([, v]) => v !== null).forEach(([k, v, mark], i) => {
		const at = Math.min(x.range()[1], Math.max(x.range()[0], x(Math.max(v, low))));
		const text = svg.append("text").attr("class", "mark").attr("y", 10).text(`${k} ${mark}${formatNs(v)}`);
		const wide = 6.2 * text.text().length;
		let left = i === 0 ? at : i === 1 ? at - wide / 2 : at - wide;

		left = Math.min(Math.max(left, taken + 8, 0), width - wide);
		text.attr("x", left);
		taken = left + wide;
		svg.append("line").attr("class", "mark").attr("x1", at).attr("x2", at).attr("y1", margin.top - 6).attr("y2", y(0));
		svg.append("line").attr("class", "mark").attr("x1", Math.min(Math.max(at, left), left + wide)).attr("x2", at)
			.attr("y1", 13).attr("y2", margin.top - 6);
	});
	return el("figure", {}, el("figcaption", {}, el("strong", {}, name), ` ${about}`), svg.node());
}
