// What is measured on a page in Chromium: nothing cut off, nothing too small to hit, nothing that axe-core finds fault with; and where its pictures go.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { binary } from './parts.mjs';

export const shots = process.env.SHOTS ?? join(dirname(binary), 'build-shots');
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
export const wide = { width: 1280, height: 900 }, phone = { width: 390, height: 844 }, small = { width: 320, height: 640 };

// What cannot be hit: links and buttons below 24 px (WCAG 2.5.8; a link within a sentence is exempt), a provider's below 48 px.
export function tooSmall() {
  return [...document.querySelectorAll('a, button, summary, input:not([type=hidden])')].filter(e => e.checkVisibility() && !e.closest('.legal')).map(e => {
    const box = (e.closest('label') ?? e).getBoundingClientRect(), least = e.matches('.provider') ? 48 : 24;
    return box.width < least || box.height < least ? `${e.outerHTML.slice(0, 120)} is ${box.width} x ${box.height}` : '';
  }).filter(Boolean);
}

// What reaches over the edge of the window, or of the box that holds it.
export function cutOff() {
  const width = document.documentElement.clientWidth;
  const over = [...document.querySelectorAll('body *')].filter(e => e.checkVisibility() && !e.closest('.visually-hidden')).filter(e => {
    const box = e.getBoundingClientRect();
    return box.width > 0 && (box.left < -0.5 || box.right > width + 0.5);
  }).map(e => e.outerHTML.slice(0, 120));
  return document.documentElement.scrollWidth > width ? [`the page is ${document.documentElement.scrollWidth} wide`, ...over] : over;
}

export async function violations(frame, { but = [] } = {}) {
  await frame.evaluate(axe);
  const found = await frame.evaluate(() => window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }));
  assert.ok(found.passes.length > 8, 'axe looked at the page');
  return found.violations.filter(v => !but.includes(v.id)).map(v => `${v.id}: ${v.help}\n    ${v.nodes.map(n => `${n.html}\n    ${n.failureSummary}`).join('\n    ')}`);
}
