// SPDX-License-Identifier: GPL-2.0-only
// Elements, and who draws them anew.

const main = document.getElementById("page");
const drawers = [];

// What is looked at has changed, or its colours.
function onChange(draw) {
	drawers.push(draw);
}

// What has the focus and is made anew has it again, by its data-key.
function redraw() {
	const { key } = document.activeElement.dataset;

	colours.clear();
	drawers.forEach((draw) => draw());
	keepAddress();
	if (key && document.activeElement.dataset.key !== key) {
		const again = [...document.querySelectorAll("[data-key]")].find((e) => e.dataset.key === key);
		if (again)
			again.focus();
	}
}

// All that comes from a recording goes through here, as text.
function el(tag, attributes, ...children) {
	const node = document.createElement(tag);

	for (const [name, value] of Object.entries(attributes || {})) {
		if (name.startsWith("on"))
			node.addEventListener(name.slice(2), value);
		else if (value === true)
			node.setAttribute(name, "");
		else if (value !== false && value !== null && value !== undefined)
			node.setAttribute(name, value);
	}
	for (const child of children.flat())
		if (child !== null && child !== undefined)
			node.append(child);
	return node;
}

function section(id, title, about, ...children) {
	return el("section", { id, "aria-labelledby": `${id}-title` },
		el("div", { class: "head" }, el("h2", { id: `${id}-title` }, title), el("p", { class: "about" }, about)),
		...children);
}

// What to do with a mouse or keys: not on paper.
function hint(text) {
	return el("span", { class: "hint" }, text);
}

// What stands before a verdict of this kind.
const VERDICT_SIGNS = { good: "✓ ", neutral: "○ ", changed: "≠ ", bad: "▲ " };

// Buttons of which one is pressed; options: [[value, text, why it can't be chosen or nothing], ...].
function choice(label, options, get, set) {
	const group = el("div", { class: "choice", role: "group", "aria-label": label });
	const buttons = options.map(([value, text, why]) => el("button", { type: "button", "data-value": value,
		disabled: Boolean(why), title: why, onclick: () => set(value) }, text));
	const draw = () => buttons.forEach((b) => b.setAttribute("aria-pressed", String(b.dataset.value === get())));

	group.append(...buttons);
	draw();
	onChange(draw);
	return group;
}

// Colours are the style's: this asks for them, also for canvas. Once until all is drawn anew: asking takes long when much has been drawn.
const colours = new Map();
function colour(name) {
	if (!colours.has(name))
		colours.set(name, getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim());
	return colours.get(name);
}

// --- one tip for everything that is pointed at ---

const tip = el("div", { class: "tip", role: "status", hidden: true });

function showTip(x, y, content) {
	tip.replaceChildren(...content);
	tip.hidden = false;
	const box = tip.getBoundingClientRect();
	tip.style.left = `${Math.max(4, Math.min(x + 14, innerWidth - box.width - 8))}px`;
	tip.style.top = `${y + 18 + box.height > innerHeight ? Math.max(4, y - box.height - 10) : y + 18}px`;
}

function hideTip() {
	tip.hidden = true;
}

// Pairs of a name and a value.
function facts(pairs) {
	return el("dl", {}, pairs.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));
}

function theme() {
	const modes = ["auto", "light", "dark"];
	const button = el("button", { type: "button", class: "theme", id: "theme" });
	const show = (mode) => {
		if (mode === "auto")
			delete document.documentElement.dataset.theme;
		else
			document.documentElement.dataset.theme = mode;
	};
	const set = (mode) => {
		show(mode);
		button.textContent = `Theme: ${mode}`;
		button.dataset.mode = mode;
	};

	button.addEventListener("click", () => {
		set(modes[(modes.indexOf(button.dataset.mode) + 1) % modes.length]);
		redraw();
	});
	set("auto");
	inAddress("theme", () => (button.dataset.mode === "auto" ? null : button.dataset.mode), (mode) => {
		const known = mode === null || modes.includes(mode);
		set(known && mode || "auto");
		return known;
	});
	// Paper is white, also where what is drawn has taken its colours from a dark screen.
	addEventListener("beforeprint", () => {
		show("light");
		redraw();
	});
	addEventListener("afterprint", () => {
		show(button.dataset.mode);
		redraw();
	});
	matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => redraw());
	return button;
}
