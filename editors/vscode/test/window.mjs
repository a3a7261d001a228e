// One window of a real VS Code (code-server in Chromium): what a person does in it, and what is on its screen.
//
// Knows nothing of midspan but its item in the status bar.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import * as path from 'node:path';

const PATIENCE = 60000;

const require = createRequire(path.join(process.env.CODE_SERVER, 'package.json'));
const { chromium } = require('playwright-core');

export function launch() {
  return chromium.launch({ executablePath: process.env.CHROMIUM, args: ['--no-sandbox'] });
}

export class Window {
  errors = [];

  static async open(browser, address, folder, out) {
    const page = await browser.newPage({ viewport: { width: 1100, height: 640 } });
    page.setDefaultTimeout(PATIENCE);
    const window = new Window(page, folder, out);
    page.on('pageerror', (error) => window.errors.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') {
        window.errors.push(`${message.text()} ${message.location().url}`);
      }
    });
    await page.goto(`${address}/?folder=${encodeURIComponent(folder)}`);
    await page.waitForSelector('.monaco-workbench');
    return window;
  }

  constructor(page, folder, out) {
    Object.assign(this, { page, folder, out });
  }

  /** Waits until the status bar says that midspan is there, and no longer starting. */
  async ready() {
    await this.page.waitForSelector('.statusbar-item[id*="midspan"]');
    await this.page.waitForFunction(() => !document.querySelector('.statusbar-item[id*="midspan"] .codicon-loading'));
  }

  /** The icon of midspan's item in the status bar. */
  state() {
    return this.page.evaluate(() => {
      const icon = document.querySelector('.statusbar-item[id*="midspan"] .codicon');
      return [...(icon?.classList ?? [])].find((name) => name.startsWith('codicon-') && !name.includes('modifier')) ?? '';
    });
  }

  async waitForState(name) {
    await this.until(async () => (await this.state()) === name, () => `the state ${name}`);
  }

  /** The grey text in the editor, as it is drawn: what stands at the same height is a line. */
  ghost() {
    return this.page.evaluate(() => {
      const parts = [...document.querySelectorAll('.monaco-editor [class*="ghost-text"]')];
      const outermost = parts.filter((one) => !parts.some((other) => other !== one && other.contains(one)));
      const lines = new Map();
      for (const one of outermost.filter((part) => part.textContent)) {
        const top = Math.round(one.getBoundingClientRect().top);
        lines.set(top, (lines.get(top) ?? '') + one.textContent);
      }
      return [...lines.values()].join('\n').replaceAll('\u00a0', ' ').replaceAll('\u200b', '');
    });
  }

  async waitForGhost(wanted, what) {
    let last = '';
    await this.until(async () => wanted((last = await this.ghost())), () => `${what} (on screen: ${JSON.stringify(last)})`);
    return last;
  }

  async until(condition, what, patience = PATIENCE) {
    const end = Date.now() + patience;
    while (!(await condition())) {
      if (Date.now() > end) {
        throw new Error(`${what()} did not come`);
      }
      await this.page.waitForTimeout(50);
    }
  }

  async openFile(name) {
    await this.page.keyboard.press('Control+P');
    await this.page.waitForSelector('.quick-input-widget input');
    await this.page.keyboard.type(name);
    await this.page.waitForSelector(`.quick-input-list [aria-label^="${name}"]`);
    await this.page.keyboard.press('Enter');
    await this.page.waitForSelector(`.tab.active[data-resource-name="${name}"]`);
    await this.page.waitForTimeout(500);
  }

  async command(title) {
    await this.page.keyboard.press('F1');
    await this.page.waitForSelector('.quick-input-widget input');
    await this.page.keyboard.type(title);
    await this.page.waitForSelector(`.quick-input-list [aria-label*="${title}"]`);
    await this.page.keyboard.press('Enter');
  }

  press(...keys) {
    return keys.reduce((before, key) => before.then(() => this.page.keyboard.press(key)), Promise.resolve());
  }

  type(text, delay = 60) {
    return this.page.keyboard.type(text, { delay });
  }

  wait(ms) {
    return this.page.waitForTimeout(ms);
  }

  onDisk(name) {
    return readFileSync(path.join(this.folder, name), 'utf-8');
  }

  /** Saves a file; gives what is on disk once that is what is wanted, or after ten seconds. */
  async save(name, wanted) {
    await this.press('Control+S');
    const end = Date.now() + 10000;
    while (this.onDisk(name) !== wanted && Date.now() < end) {
      await this.wait(50);
    }
    return this.onDisk(name);
  }

  /** The texts of midspan's messages that are on screen. */
  messages() {
    return this.page.evaluate(() =>
      [...document.querySelectorAll('.notification-list-item-message')]
        .map((one) => one.textContent)
        .filter((text) => text.includes('midspan')),
    );
  }

  picture(name) {
    return this.page.screenshot({ path: path.join(this.out, `${name}.png`) });
  }
}
