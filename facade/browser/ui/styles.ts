let sheet: CSSStyleSheet | undefined

/** One for all elements of the page; made by script, so it needs no `unsafe-inline` in a content security policy. */
export function styleSheet(): CSSStyleSheet {
  if (!sheet) {
    sheet = new CSSStyleSheet()
    sheet.replaceSync(css)
  }
  return sheet
}

/** Light, and dark where the page's `color-scheme` takes it; the variables of the page come first. */
const colors = {
  surface: ['#fff', '#1a1e27'],
  raised: ['#f4f6fa', '#232833'],
  line: ['#dfe3ea', '#2f3542'],
  'field-line': ['#868e9c', '#6d7788'],
  text: ['#171b24', '#e9ecf2'],
  muted: ['#596272', '#a2abba'],
  accent: ['#3550cf', '#9db0ff'],
  'on-accent': ['#fff', '#111733'],
  soft: ['#eaeefc', '#262d47'],
  danger: ['#b3261e', '#ff9d94'],
  'on-danger': ['#fff', '#1a1e27'],
  'danger-soft': ['#fdecea', '#3a2224'],
  'notice-soft': ['#fff5db', '#332c19'],
  'notice-line': ['#ecd48b', '#5d4e22'],
}

const variables = (value: (light: string, dark: string) => string): string =>
  Object.entries(colors)
    .map(([name, [light = '', dark = '']]) => `--${name}: var(--countersign-${name}, ${value(light, dark)});`)
    .join('\n')

const css = `
:host {
  display: block;
  ${variables((light) => light)}
  --radius: var(--countersign-radius, 10px);
  color: var(--text);
  font-family: var(--countersign-font, system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif);
  line-height: 1.5;
  overflow-wrap: anywhere;
}
:host([hidden]) { display: none; }
@supports (color: light-dark(#000, #fff)) {
  :host { ${variables((light, dark) => `light-dark(${light}, ${dark})`)} }
}

*, ::before, ::after { box-sizing: border-box; }
svg {
  flex: none;
  width: 1.375em;
  height: 1.375em;
  fill: none;
  stroke: currentColor;
  stroke-width: 1.7;
  stroke-linecap: round;
  stroke-linejoin: round;
}

.card {
  margin-top: 16px;
  padding: 24px;
  border: 1px solid var(--line);
  border-radius: calc(var(--radius) * 1.6);
  background: var(--surface);
}
.level-0, .level-1 { margin: 0; line-height: 1.25; letter-spacing: -.015em; text-wrap: balance; }
.level-0 { font-size: 1.625em; font-weight: 680; }
.level-1 { font-size: 1.125em; font-weight: 650; }
.level-0:focus, .level-1:focus { outline: none; }
p { margin: 8px 0 0; text-wrap: pretty; }
a { color: var(--accent); }
.muted, small, .hint { color: var(--muted); }
small, .hint { font-size: .875em; }
.hint { margin-top: 6px; }
.body > .wide { margin-top: 16px; }
.body > .wide:first-child, .body > .error:empty + .wide, .body > .or + .wide { margin-top: 0; }

form { margin: 20px 0 0; }
.field:not(:first-child), .check { margin-top: 16px; }
.field label { display: block; font-weight: 550; }
.field input {
  display: block;
  width: 100%;
  min-height: 46px;
  margin-top: 6px;
  padding: 10px 13px;
  border: 1px solid var(--field-line);
  border-radius: var(--radius);
  background: var(--surface);
  color: inherit;
  font: inherit;
}
input::placeholder { color: var(--muted); opacity: 1; }
input[aria-invalid='true'] { border-color: var(--danger); }
.code, code, .codes { font-family: ui-monospace, 'SF Mono', 'Cascadia Mono', 'DejaVu Sans Mono', Menlo, monospace; }
/* Codes keep their order whatever the direction of the text around them. */
.code, code, .codes li { direction: ltr; unicode-bidi: isolate; }
.field input.code { font-size: 1.125em; letter-spacing: .04em; }
.check { display: flex; gap: 10px; align-items: flex-start; cursor: pointer; }

fieldset { margin: 0; padding: 0; border: 0; }
legend { padding: 0; font-weight: 550; }
.option {
  display: flex;
  gap: 12px;
  align-items: flex-start;
  margin-top: 8px;
  padding: 12px 14px;
  border: 1px solid var(--line);
  border-radius: var(--radius);
  cursor: pointer;
}
.option:has(:checked) { border-color: var(--accent); background: var(--soft); }
.check input, .option input { flex: none; font: inherit; width: 1.25em; height: 1.25em; margin: 2px 0 0; accent-color: var(--accent); }
.option b { font-weight: 580; }
.option small { display: block; }
fieldset + .field { margin-top: 16px; }
.foot { margin-top: 16px; text-align: center; }

button {
  display: inline-flex;
  align-items: center;
  justify-content: center;
  gap: 10px;
  min-height: 44px;
  padding: 9px 18px;
  border: 1px solid var(--line);
  border-radius: var(--radius);
  background: var(--raised);
  color: inherit;
  font: inherit;
  font-weight: 580;
  cursor: pointer;
  transition: background-color .12s, border-color .12s;
}
button:hover { border-color: var(--field-line); }
button[aria-busy='true'] { opacity: .6; cursor: progress; }
.primary { border-color: transparent; background: var(--accent); color: var(--on-accent); }
.primary:hover { border-color: transparent; background: color-mix(in srgb, var(--accent) 88%, var(--text)); }
.primary.danger { background: var(--danger); color: var(--on-danger); }
.primary.danger:hover { background: color-mix(in srgb, var(--danger) 88%, var(--text)); }
.wide { width: 100%; }
form .wide { margin-top: 20px; }
.quiet {
  flex: none;
  min-height: 36px;
  padding: 5px 10px;
  border-color: transparent;
  background: none;
  font-size: .9375em;
  font-weight: 500;
  color: var(--accent);
}
.quiet:hover { border-color: transparent; background: var(--soft); }
.quiet.danger { color: var(--danger); }
.quiet.danger:hover { background: var(--danger-soft); }

:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.field input:focus-visible { outline-offset: -1px; border-color: transparent; }

.error {
  padding: 10px 14px;
  border-radius: var(--radius);
  background: var(--danger-soft);
  color: var(--danger);
  font-weight: 500;
}
.error:empty { display: none; }
.error { margin-top: 16px; }
.body > .error:first-child:not(:has(+ .or)) { margin-top: 0; }
.notice {
  margin: 16px 0 0;
  padding: 12px 16px;
  border: 1px solid var(--notice-line);
  border-radius: calc(var(--radius) * 1.2);
  background: var(--notice-soft);
}

.challenge { margin-top: 20px; }
.challenge > form, .challenge > details { margin-top: 0; }
.challenge .notice { margin: 0 0 20px; }
.challenge > .check { margin-top: 0; }
.challenge > .hint { margin-block: 2px 20px; margin-inline-start: calc(1.4286em + 10px); }
.or { display: flex; align-items: center; gap: 12px; margin: 20px 0 16px; color: var(--muted); }
.error:empty + .or { margin-top: 16px; }
/* A border, since forced colours take backgrounds away. */
.or::before, .or::after { content: ''; flex: 1; border-top: 1px solid var(--line); }
details form { margin-top: 16px; }
details:not([open]) summary { margin-bottom: -4px; }
summary {
  width: fit-content;
  margin: -4px auto 0;
  text-align: center;
  padding: 4px 8px;
  border-radius: 8px;
  color: var(--accent);
  font-weight: 550;
  cursor: pointer;
}

.rows { margin: 12px 0 -8px; padding: 0; list-style: none; }
.rows li { display: flex; align-items: center; gap: 14px; padding: 14px 0; border-top: 1px solid var(--line); }
.rows li > svg {
  width: 2.5em;
  height: 2.5em;
  padding: .5625em;
  border-radius: calc(var(--radius) * 1.1);
  background: var(--soft);
  color: var(--accent);
}
.rows .off > svg { background: var(--raised); color: var(--muted); }
.off .name { color: var(--muted); }
.what { flex: 1; min-width: 0; }
.name { font-weight: 600; overflow-wrap: anywhere; }
.what small { display: block; }
/* A date stays in one piece, and so does what it says. */
.part { display: inline-block; max-width: 100%; margin-inline-end: .35em; }
.badge {
  display: inline-block;
  margin-inline-start: 4px;
  padding: 1px 9px;
  border-radius: 99px;
  background: var(--raised);
  color: var(--muted);
  font-size: .8125em;
  font-weight: 550;
}
.badge.locked { background: var(--danger-soft); color: var(--danger); }
.actions { display: flex; flex-wrap: wrap; margin-inline-end: -10px; }

/* All in one row, or each in its own. */
.choices { display: grid; grid-auto-flow: column; grid-auto-columns: minmax(0, 1fr); gap: 12px; margin-top: 16px; }
.choices button {
  flex-direction: column;
  align-items: flex-start;
  justify-content: flex-start;
  gap: 12px;
  padding: 16px;
  border-radius: calc(var(--radius) * 1.2);
  background: none;
  text-align: start;
}
.choices button:hover { border-color: var(--accent); background: var(--soft); }
.choices span { min-width: 0; }
.choices svg { width: 1.625em; height: 1.625em; color: var(--accent); }
.choices small { display: block; margin-top: 2px; font-weight: 400; line-height: 1.4; }

.split { display: flex; align-items: center; justify-content: space-between; gap: 16px; margin-top: 8px; }
.split p { margin: 0; }
.split button { flex: none; }
/* All in one row, or each in its own. */
.ways { display: flex; flex-wrap: wrap; gap: 8px; margin-top: 16px; }
.ways button { flex: 1 1 calc((19em - 100%) * 999); padding-inline: 8px; overflow-wrap: break-word; }
.ways + form { margin-top: 12px; }
.ways + form .wide { margin-top: 0; }

dialog {
  width: min(27.5em, calc(100vw - 24px));
  max-width: none;
  max-height: calc(100dvh - 24px);
  padding: 28px;
  border: 1px solid var(--line);
  border-radius: calc(var(--radius) * 1.8);
  background: var(--surface);
  color: inherit;
  box-shadow: 0 20px 60px rgb(10 14 30 / 30%);
  overflow: auto;
}
dialog::backdrop { background: rgb(12 16 28 / 50%); }
dialog > .level-1 { padding-inline-end: 36px; font-size: 1.25em; }
.close { position: absolute; top: 18px; inset-inline-end: 16px; width: 40px; min-height: 40px; padding: 0; color: var(--muted); }

.steps { margin: 0; padding: 0; list-style: none; counter-reset: step; }
.steps > li { position: relative; padding-inline-start: 2.5em; counter-increment: step; }
.steps > li + li { margin-top: 20px; }
.steps > li::before {
  content: counter(step);
  position: absolute;
  inset-inline-start: 0;
  top: -1px;
  width: 1.857em;
  height: 1.857em;
  border-radius: 50%;
  background: var(--soft);
  color: var(--accent);
  font-size: .875em;
  font-weight: 650;
  line-height: 1.857em;
  text-align: center;
}
.steps p:first-child { margin: 0; }
.qr {
  display: block;
  width: 232px;
  height: auto;
  max-width: 100%;
  margin: 12px 0 0;
  border: 1px solid var(--line);
  border-radius: calc(var(--radius) * 1.2);
  background: #fff;
  stroke: none;
}
.secret { margin-top: 4px; padding: 4px; padding-inline-start: 12px; border-radius: var(--radius); background: var(--raised); }
.secret code { max-width: 20ch; font-size: .90625em; overflow-wrap: anywhere; }
.codes {
  display: grid;
  grid-template-columns: repeat(auto-fit, minmax(min(19ch, 100%), 1fr));
  gap: 6px 12px;
  margin: 16px 0 0;
  padding: 16px 14px;
  border-radius: calc(var(--radius) * 1.2);
  background: var(--raised);
  /* A code stays in one line, however large the text is. */
  font-size: min(.90625em, 7cqi);
  list-style: none;
  text-align: center;
}
.print { position: fixed; width: 0; height: 0; border: 0; visibility: hidden; }

.status {
  position: fixed;
  z-index: 1;
  inset: auto 16px 20px;
  width: fit-content;
  max-width: calc(100vw - 32px);
  margin: 0 auto;
  padding: 11px 18px;
  border-radius: calc(var(--radius) * 1.2);
  background: var(--text);
  color: var(--surface);
  font-weight: 500;
  pointer-events: none;
}
.status:empty { padding: 0; }

/* By the width that the element has, not by that of the page; in em, since larger text needs more of it. */
.body, dialog { container-type: inline-size; }
@container (max-width: 42em) {
  .choices { grid-auto-flow: row; }
  .choices button { flex-direction: row; align-items: center; gap: 14px; }
}
@container (max-width: 32.5em) {
  .card { padding: 20px; }
  .rows li { flex-wrap: wrap; row-gap: 4px; padding-bottom: 8px; }
  .rows .what { flex-basis: calc(100% - 2.5em - 14px); flex-grow: 0; }
  .actions { width: 100%; padding-inline-start: 2.75em; }
  .actions button { min-height: 44px; }
  .split { flex-direction: column; align-items: stretch; }
}
@container (max-width: 20em) {
  .actions { padding-inline-start: 0; }
}
/* Text of twice the size on a phone: words need the room more than what stands around them. */
@container (max-width: 14em) {
  .card { padding: 12px; }
  .level-0 { font-size: 1.125em; }
  .level-1, dialog > .level-1 { font-size: 1em; }
  dialog > .level-1 { padding-inline-end: 0; }
  dialog:has(> .close) > .level-1 { padding-block-start: 32px; }
  .primary, .wide { padding-inline: 4px; }
  .rows li > svg { display: none; }
  .rows .what { flex-basis: 100%; }
  .actions { flex-direction: column; align-items: flex-start; margin-inline-start: -10px; }
  .choices button { flex-direction: column; align-items: flex-start; gap: 6px; padding: 12px 6px; }
  .steps > li { padding-inline-start: 0; }
  .steps > li::before { position: static; display: block; margin-bottom: 4px; }
}
@media (max-width: 560px) {
  dialog { padding: 24px clamp(12px, 4vw, 20px); }
}

/* The borders that forced colours draw would touch, and stand where otherwise only padding does. */
@media (forced-colors: active) {
  .actions { gap: 6px; margin-block: 4px; margin-inline: 0; }
  .actions button { padding-inline: 7px; }
}
@media (prefers-reduced-motion: reduce) {
  * { transition: none !important; }
}
`
