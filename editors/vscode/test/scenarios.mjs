// What is played in VS Code: each scenario opens windows, and notes in `found` what it saw.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const LINE = 'item.price * item.quantity';
const hasRest = (text) => text.includes('item.quantity');

/** Opens both files and types, where midspan is not installed: what VS Code itself complains about. */
export async function bare(openWindow) {
  const window = await openWindow();
  for (const name of ['inventory.py', 'cart.ts']) {
    await window.openFile(name);
    await window.press('Control+End');
    await window.type('total = item.price');
    await window.wait(1000);
  }
  await window.command('Show Running Extensions');
  await window.wait(1000);
}

/** Grey text of one line and of several, in Python and TypeScript: taken, a word of it, put away, asked for. */
export async function typing(openWindow, found, wanted) {
  const window = await openWindow();
  await window.ready();

  await window.openFile('inventory.py');
  await window.press('Control+End');
  await window.type('total = item.price *', 120);
  found.line = await window.waitForGhost(hasRest, 'the grey text');
  await window.picture('line');
  await window.press('Control+ArrowRight');
  found.after_word = await window.waitForGhost((text) => text !== found.line && text !== '', 'the rest behind a word');
  await window.press('Tab');
  await window.wait(300);
  found.after_tab = await window.ghost();

  await window.press('Enter');
  await window.type('def twice(n):');
  await window.press('Enter');
  found.block = await window.waitForGhost((text) => text.includes('double = 2 * n') && text.includes('return double'), 'the block');
  await window.picture('block');
  await window.press('Escape');
  await window.wait(300);
  found.after_escape = await window.ghost();
  await window.command('Trigger Inline Suggestion');
  await window.waitForGhost((text) => text.includes('return double'), 'the block by command');
  await window.press('Tab');
  found.python = await window.save('inventory.py', wanted.python);

  await window.openFile('cart.ts');
  await window.press('Control+End');
  await window.type('const total = item.price *');
  found.typescript_line = await window.waitForGhost(hasRest, 'grey text in TypeScript');
  await window.press('Tab');
  found.typescript = await window.save('cart.ts', wanted.typescript);
  await window.picture('typescript');

  await window.command('Show Running Extensions');
  await window.page.waitForSelector('.runtime-extensions-editor .extension');
  found.activation = '';
  // The list draws only what is in sight, in an order of its own.
  await window.page.locator('.runtime-extensions-editor').hover();
  for (let tries = 0; found.activation === '' && tries < 40; tries++) {
    await window.wait(250);
    found.activation = await window.page.evaluate(
      () =>
        [...document.querySelectorAll('.runtime-extensions-editor .extension')]
          .map((one) => one.textContent)
          .find((text) => /midspan/i.test(text)) ?? '',
    );
    await window.page.mouse.wheel(0, tries % 10 === 9 ? -5000 : 300);
  }
}

/** Others are asked for and cycled through; then with the list of suggestions open. */
export async function choosing(openWindow, found, wanted) {
  const window = await openWindow();
  await window.ready();
  await window.openFile('inventory.py');
  await window.press('Control+End');
  await window.type('x = ');
  found.first = await window.waitForGhost((text) => text !== '', 'the first one');
  found.cycled = [];
  for (const key of ['Alt+]', 'Alt+]', 'Alt+[']) {
    const before = await window.ghost();
    await window.press(key);
    found.cycled.push(await window.waitForGhost((text) => text !== before && text !== '', `another one by ${key}`));
  }
  await window.picture('choosing');
  await window.press('Tab');
  await window.press('Enter');

  await window.type('total = item.price * nam');
  await window.press('Control+Space');
  await window.page.waitForSelector('.suggest-widget.visible .monaco-list-row');
  found.beside_list = await window.waitForGhost((text) => text !== '', 'grey text beside the list');
  await window.picture('list');
  found.list_was_open = (await window.page.locator('.suggest-widget.visible').count()) === 1;
  await window.press('Tab'); // the list's own key
  await window.wait(500);
  await window.press('Escape');
  found.saved = await window.save('inventory.py', wanted);
}

/** The server is killed twice: it comes back, later each time, and that is said once. */
export async function killed(openWindow, found, { pids }) {
  const window = await openWindow();
  await window.ready();
  await window.openFile('inventory.py');
  await window.press('Control+End');
  found.ghosts = [];
  for (let round = 0; round < 3; round++) {
    await window.type('total = item.price *');
    found.ghosts.push(await window.waitForGhost(hasRest, `grey text after ${round} kills`));
    await window.press('Tab', 'Enter');
    if (round < 2) {
      const servers = readFileSync(pids, 'utf-8').trim().split('\n');
      process.kill(Number(servers.at(-1)), 'SIGKILL');
      await window.type('# still writing');
      await window.press('Enter');
      const count = () => readFileSync(pids, 'utf-8').trim().split('\n').length;
      await window.until(async () => count() > servers.length, () => 'another server');
      await window.ready();
      await window.waitForState('codicon-edit-sparkle');
    }
  }
  found.messages = await window.messages();
  found.saved = await window.save('inventory.py', `names = []\n${`total = ${LINE}\n# still writing\n`.repeat(2)}total = ${LINE}\n`);
}

/** A program that is no language server: one types and saves as ever. */
export async function broken(openWindow, found, wanted) {
  const window = await openWindow();
  await window.wait(4000); // the walkthrough may come first
  await window.openFile('inventory.py');
  await window.press('Control+End');
  await window.type('x = 1');
  found.saved = await window.save('inventory.py', wanted);
  await window.wait(4000);
  found.state = await window.state();
  found.messages = await window.messages();
  await window.picture('broken');
}

/** The extension makes the server's environment, on request; `refusal` is what it says where it cannot. */
export async function set_up(openWindow, found, refusal) {
  const window = await openWindow();
  await window.waitForState('codicon-warning');
  await window.wait(3000); // the walkthrough
  const began = Date.now();
  await window.command('Set Up the Server');
  if (refusal) {
    let seen = [];
    const isRefused = async () => (seen = await window.messages()).some((text) => text.includes(refusal));
    await window.until(isRefused, () => `the message (but ${JSON.stringify(seen)})`, 15000);
    return;
  }
  await window.until(async () => (await window.state()) === 'codicon-edit-sparkle', () => 'the server', 300000);
  await window.openFile('inventory.py');
  await window.press('Control+End');
  await window.type('total = item.price *');
  found.line = await window.waitForGhost(hasRest, 'the grey text');
  found.seconds = Math.round((Date.now() - began) / 1000);
}

/** Keys that race with Tab, many files, a long one, an odd name, a second window. */
export async function hurry(openWindow, found, { files, long, odd }) {
  const window = await openWindow();
  await window.ready();
  await window.openFile(odd);
  await window.press('Control+End');
  found.raced = [];
  for (const wait of [0, 10, 40, 120]) {
    await window.type('total = item.price *');
    await window.waitForGhost(hasRest, 'grey text');
    await window.type(' item.', 0);
    await window.wait(wait);
    await window.press('Tab');
    await window.wait(300);
    await window.press('Escape', 'End', 'Enter', 'Home');
  }
  found.raced = await window.save(odd, `names = []\n${`total = ${LINE}\n`.repeat(4)}`);

  for (const name of files) {
    await window.openFile(name);
    await window.press('Control+End');
    await window.type('total = item.price *', 10);
  }
  found.last_of_many = await window.waitForGhost(hasRest, 'grey text in the last of many files');
  await window.press('Tab');

  await window.openFile(long);
  await window.press('Control+End');
  await window.type('total = item.price *');
  found.in_long = await window.waitForGhost(hasRest, 'grey text in the long file');
  await window.press('Tab');

  const second = await openWindow();
  await second.ready();
  await second.openFile(odd);
  await second.press('Control+End');
  await second.type('total = item.price *');
  found.in_second = await second.waitForGhost(hasRest, 'grey text in the second window');
  await second.press('Tab');
  found.second = await second.save(odd, `${found.raced}total = ${LINE}`);
}

/** A newer version of the extension is installed while somebody types; the window is loaded anew later. */
export async function updated(openWindow, found, { install, wanted }) {
  const window = await openWindow();
  await window.ready();
  await window.openFile('inventory.py');
  await window.press('Control+End');
  found.ghosts = [];
  const line = async (what) => {
    await window.type('total = item.price *');
    found.ghosts.push(await window.waitForGhost(hasRest, what));
    await window.press('Tab', 'Enter');
  };
  await line('grey text');
  execFileSync(install[0], install.slice(1));
  await line('grey text after the update');
  found.saved = await window.save('inventory.py', wanted);
  await window.page.reload();
  await window.ready();
  await window.openFile('inventory.py');
  await window.press('Control+End');
  await line('grey text in the window loaded anew');
}

/** When keys were pressed and when grey text was painted after them, by the system's clock in milliseconds. */
export async function painting(openWindow, found, { lines }) {
  const window = await openWindow();
  await window.ready();
  await window.openFile('inventory.py');
  await window.press('Control+End');
  await window.page.evaluate(() => {
    const now = () => performance.timeOrigin + performance.now();
    globalThis.painted = [];
    let key = 0;
    let wasThere = false;
    document.addEventListener('keydown', () => (key = now()), true);
    const look = () => {
      const isThere = [...document.querySelectorAll('.monaco-editor [class*="ghost-text"]')].some((one) => one.textContent);
      if (isThere && !wasThere) {
        const pressed = key;
        requestAnimationFrame(() => globalThis.painted.push({ key: pressed, painted: now() })); // after it is drawn
      }
      wasThere = isThere;
      requestAnimationFrame(look);
    };
    look();
  });
  for (const line of lines) {
    for (const character of line) {
      await window.page.keyboard.type(character);
      await window.wait(250);
    }
    await window.press('Escape', 'Enter', 'Home');
    await window.wait(200);
  }
  found.painted = await window.page.evaluate(() => globalThis.painted);
}

/** What the README shows: pictures are taken all the while, and the model is a real one. */
export async function recording(openWindow, found, { name, line }) {
  const window = await openWindow();
  await window.ready();
  await window.openFile(name);
  await window.press('Control+G');
  await window.type(`${line}`);
  await window.press('Enter', 'End', 'Backspace');
  await window.command('Close Primary Side Bar').catch(() => window.press('Escape'));
  await window.wait(1500);
  let isOver = false;
  const frames = (async () => {
    const began = Date.now();
    found.frames = [];
    while (!isOver) {
      found.frames.push(Date.now() - began);
      await window.picture(`frame-${String(found.frames.length).padStart(4, '0')}`);
    }
  })();
  const something = (text) => text !== '';
  await window.type('*', 150);
  await window.waitForGhost(something, 'grey text');
  await window.wait(1200);
  await window.press('Tab');
  await window.wait(700);
  await window.press('Enter', 'Enter');
  await window.page.keyboard.press('Shift+Tab');
  await window.type('def name_and_quantity(self) -> str:', 70);
  await window.press('Enter');
  await window.waitForGhost(something, 'a body');
  await window.wait(1200);
  await window.press('Control+ArrowRight');
  await window.wait(900);
  await window.press('Tab');
  await window.wait(1200);
  isOver = true;
  await frames;
}
