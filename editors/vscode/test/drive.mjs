// Drives the extension in a real VS Code (code-server in Chromium) as a person would, and says what was on screen.
//
// node drive.mjs ADDRESS FOLDER OUT, with CODE_SERVER (the folder that its node_modules are in) and CHROMIUM set.
// Prints one JSON object; pictures go to OUT.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import * as path from 'node:path';

const [address, folder, out] = process.argv.slice(2);
const require = createRequire(path.join(process.env.CODE_SERVER, 'package.json'));
const { chromium } = require('playwright-core');

const PATIENCE = 60000;
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ['--no-sandbox'] });
const page = await browser.newPage({ viewport: { width: 1100, height: 640 } });
page.setDefaultTimeout(PATIENCE);
const errors = [];
page.on('pageerror', (error) => errors.push(String(error)));
page.on('console', (message) => {
  if (message.type() === "error") {
    errors.push(message.text());
  }
});
const found = { errors };

/** The grey text in the editor, as it is drawn: what stands at the same height is a line. */
const ghost = () =>
  page.evaluate(() => {
    const parts = [...document.querySelectorAll('.monaco-editor [class*="ghost-text"]')];
    const outermost = parts.filter((one) => !parts.some((other) => other !== one && other.contains(one)));
    const lines = new Map();
    for (const one of outermost.filter((part) => part.textContent)) {
      const top = Math.round(one.getBoundingClientRect().top);
      lines.set(top, (lines.get(top) ?? '') + one.textContent);
    }
    return [...lines.values()].join('\n').replaceAll('\u00a0', ' ').replaceAll('\u200b', '');
  });

async function waitForGhost(wanted, what) {
  const end = Date.now() + PATIENCE;
  let last = '';
  while (Date.now() < end) {
    last = await ghost();
    if (wanted(last)) {
      return last;
    }
    await page.waitForTimeout(50);
  }
  await page.screenshot({ path: path.join(out, 'failed.png') });
  throw new Error(`${what} did not appear; on screen: ${JSON.stringify(last)}`);
}

async function open(name) {
  await page.keyboard.press('Control+P');
  await page.waitForSelector('.quick-input-widget input');
  await page.keyboard.type(name);
  await page.waitForSelector(`.quick-input-list [aria-label^="${name}"]`);
  await page.keyboard.press('Enter');
  await page.waitForSelector(`.tab.active[data-resource-name="${name}"]`);
  await page.waitForTimeout(500);
}

async function command(title) {
  await page.keyboard.press('F1');
  await page.waitForSelector('.quick-input-widget input');
  await page.keyboard.type(title);
  await page.waitForSelector(`.quick-input-list [aria-label*="${title}"]`);
  await page.keyboard.press('Enter');
}

const saved = (name) => readFileSync(path.join(folder, name), 'utf-8');

async function save(name, wanted) {
  await page.keyboard.press('Control+S');
  const end = Date.now() + 10000;
  while (saved(name) !== wanted && Date.now() < end) {
    await page.waitForTimeout(50);
  }
  return saved(name);
}

try {
  await page.goto(`${address}/?folder=${folder}`);
  await page.waitForSelector('.monaco-workbench');
  await page.waitForSelector('.statusbar-item[id*="midspan"]');
  await page.waitForFunction(() => !document.querySelector('.statusbar-item[id*="midspan"] .codicon-loading'));

  await open('inventory.py');
  await page.keyboard.press('Control+End');
  const began = Date.now();
  await page.keyboard.type('total = item.price *', { delay: 120 });
  found.line = await waitForGhost((text) => text.includes('item.quantity'), 'the ghost text');
  found.first_ms = Date.now() - began;
  await page.screenshot({ path: path.join(out, 'line.png') });
  await page.keyboard.press('Control+ArrowRight');
  found.after_word = await waitForGhost((text) => text !== found.line && text !== '', 'the rest behind a word');
  await page.keyboard.press('Tab');
  await page.waitForTimeout(300);
  found.after_tab = await ghost();

  await page.keyboard.press('Enter');
  await page.keyboard.type('def twice(n):', { delay: 60 });
  await page.keyboard.press('Enter');
  found.block = await waitForGhost((text) => text.includes('return double'), 'the block');
  await page.screenshot({ path: path.join(out, 'block.png') });
  await page.keyboard.press('Escape');
  await page.waitForTimeout(300);
  found.after_escape = await ghost();
  await command('Trigger Inline Suggestion');
  await waitForGhost((text) => text.includes('return double'), 'the block by key');
  await page.keyboard.press('Tab');
  found.python = await save('inventory.py', process.env.PYTHON_WANTED);

  await open('cart.ts');
  await page.keyboard.press('Control+End');
  await page.keyboard.type('const total = item.price *', { delay: 60 });
  found.typescript_line = await waitForGhost((text) => text.includes('item.quantity'), 'ghost text in TypeScript');
  await page.keyboard.press('Tab');
  found.typescript = await save('cart.ts', process.env.TYPESCRIPT_WANTED);
  await page.screenshot({ path: path.join(out, 'typescript.png') });
} catch (error) {
  found.failed = String(error);
  await page.screenshot({ path: path.join(out, 'failed.png') });
} finally {
  console.log(JSON.stringify(found));
  await browser.close();
}
