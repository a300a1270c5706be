// SPDX-License-Identifier: GPL-2.0-only
// One row: how long its IPIs took, from where they were sent, and the slowest of them.

const DISTRIBUTIONS = [["delivery", "Delivery", "send to handler entry"], ["queue", "Queue", "call queued to function entry"],
	["func", "Function", "function entry to exit"], ["handler", "Handler", "handler entry to exit: stolen from the target"],
	["wait", "Wait", "how long senders waited"]];

// Of the window where it is kept by time, else of the whole recording: [[low, high, n], ...].
function distribution(row, id) {
	if (id === "delivery" && sums.delivery[row.index].total)
		return sums.delivery[row.index].counts;
	const flat = id !== "delivery" && row.index < page.distributions.length ? page.distributions[row.index][id] : null;
	if (!flat)
		return null;
	return bucketsOf(flat);
}

// p50, p99 and the maximum: the report's own where the whole recording is shown.
function rowMarks(row, id, counts) {
	const total = d3.sum(counts, (c) => c[2]);
	const prefix = id;
	if (id !== "delivery" || !(state.window || isFiltered() && sums.asFiltered))
		return [["p50", rowValue(row, `${prefix}_p50`), ""], ["p99", rowValue(row, `${prefix}_p99`), ""],
			["max", rowValue(row, `${prefix}_max`), ""]];
	return [["p50", percentile(counts, total, 0.5), "≈"], ["p99", percentile(counts, total, 0.99), "≈"],
		["max", percentile(counts, total, 1), "≈"]];
}

function rowHistogram(row, id, name, about) {
	const counts = distribution(row, id);
	return counts && histogram(counts, rowMarks(row, id, counts), name, about);
}

// --- stacks ---

function withoutOffset(name) {
	return name.replace(/\+0x[0-9a-f]+(\/0x[0-9a-f]+)?$/, "");
}

// A tree of frames from the outermost in; of no stack, a leaf that says so.
function flameTree(row) {
	const root = { name: "all", value: 0, children: [] };
	for (const [index, hits, , ...frames] of page.stacks) {
		if (index !== row.index)
			continue;
		let node = root;
		node.value += hits;
		const names = frames.length ? frames.map((f) => withoutOffset(page.strings[f])).reverse() : ["[no stack]"];
		for (const name of names) {
			let child = node.children.find((c) => c.name === name);
			if (!child)
				node.children.push(child = { name, value: 0, children: [] });
			child.value += hits;
			node = child;
		}
	}
	return root;
}

function flame(row) {
	const tree = flameTree(row);
	if (!tree.value || tree.children.length === 1 && tree.children[0].name === "[no stack]")
		return null;
	const root = d3.hierarchy(tree).sort((a, b) => d3.ascending(a.data.name, b.data.name));
	const line = 18, width = 1000;
	root.each((n) => {
		if (!n.parent)
			n.x0 = 0;
		let at = n.x0;
		(n.children || []).forEach((c) => {
			c.x0 = at;
			at += c.data.value;
		});
	});
	const height = (root.height + 1) * line;
	const box = el("div", { class: "flame", role: "img", "aria-label": "Stacks of the senders, the outermost function on top" });
	let focus = root;

	box.style.height = `${height}px`;
	const draw = () => {
		const scale = width / focus.data.value;
		box.replaceChildren(...root.descendants().filter((n) => n.depth || n === root).map((n) => {
			const above = focus.ancestors().includes(n) && n !== focus;
			const from = above ? 0 : (n.x0 - focus.x0) * scale, wide = above ? width : n.data.value * scale;
			if (from < -0.01 || from > width - 0.01 || wide < 1.5 || !above && from + wide > width + 0.01)
				return null;
			const frame = el("button", { type: "button", tabindex: n === focus ? "0" : "-1", class: above ? "frame above" : "frame",
				title: `${n.data.name}: ${countOf(n.data.value, "hit")}, ${formatPercent(n.data.value / tree.value)}`,
				onclick: (e) => {
					e.stopPropagation();
					focus = n;
					draw();
					box.querySelector('[tabindex="0"]').focus();
				} }, n.data.name);
			frame.style.left = `${from / 10}%`;
			frame.style.width = `calc(${wide / 10}% - 1px)`;
			frame.style.top = `${n.depth * line}px`;
			frame.style.setProperty("--shade", `${(n.data.name.length * 37 + n.depth * 11) % 5}`);
			return frame;
		}).filter(Boolean));
	};
	box.addEventListener("keydown", (e) => {
		const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[e.key];
		const next = step && box.children[[...box.children].indexOf(document.activeElement) + step];
		if (!next)
			return;
		e.preventDefault();
		e.stopPropagation();
		next.focus();
	});
	draw();
	return el("figure", { class: "wide" }, el("figcaption", {}, el("strong", {}, "Stacks"),
		` of the senders, the outermost function on top; width is hits${ofWhole(false)}; click to zoom`), box);
}

// --- the slowest ---

const SLOWEST_HEADS = ["at", "CPUs", "sender", "hit", "delivery", "handler", ""];
const SLOWEST_CLASS = ["num", "", "", "", "num", "num", ""];

function slowestTable(row) {
	const list = row.index < slowest.length ? slowest[row.index] : [];
	const [from, to] = windowNs();
	const passes = passing();
	const within = list.filter((l) => l.begin >= from && l.begin < to && linePasses(l, passes));
	if (!within.length)
		return null;
	const table = el("table", { class: "slowest" },
		el("thead", { class: "plain" }, el("tr", {}, SLOWEST_HEADS.map((t, i) => el("th", { scope: "col", class: SLOWEST_CLASS[i] }, t)))),
		el("tbody", {}, within.map((l) => el("tr", {}, [formatAt(l.begin, 1000), `${l.source} → ${l.target}`, l.comm || "–", victim(l),
			formatNs(l.entry_ns - l.sent_ns), l.exit_ns === null ? "–" : formatNs(l.exit_ns - l.entry_ns),
			el("button", { type: "button", onclick: (e) => {
				e.stopPropagation();
				showLine(l);
			} }, "show")].map((v, i) => el("td", { class: SLOWEST_CLASS[i], "data-label": SLOWEST_HEADS[i] || null }, v))))));
	return el("figure", { class: "wide" }, el("figcaption", {}, el("strong", {}, "Slowest"),
		` of the whole ${wholeName}${list.length === within.length ? "" : ": those that the window and filters leave"}`),
	el("div", { class: "scroll" }, table));
}

function victim(line) {
	return line.victim_comm || (line.victim_context === "idle" ? "idle" : line.victim_context) || "–";
}

// What of a row does not follow the window, or a filter by process or target, says so.
function ofWhole(isDelivery) {
	const of = [state.window && !isDelivery && `the whole ${wholeName}`,
		isFiltered() && !(isDelivery && sums.asFiltered) && "all processes and targets"].filter(Boolean);
	return of.length ? ` of ${of.join(", ")}` : "";
}

function rowDetail(row) {
	const parts = DISTRIBUTIONS.map(([id, name, about]) => rowHistogram(row, id, name,
		`${about}${ofWhole(id === "delivery") && `;${ofWhole(id === "delivery")}`}`)).filter(Boolean);
	const more = [flame(row), slowestTable(row)].filter(Boolean);
	return el("div", { class: "details" }, el("div", { class: "hists" }, parts), more,
		parts.length || more.length ? null : el("p", { class: "note" }, "Nothing more is known of it."));
}
