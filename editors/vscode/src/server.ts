// Where the language server is, and how it gets there. Knows programs and folders; nothing of the protocol.

import { execFile, spawn } from 'node:child_process';
import { access, constants, mkdir, rm } from 'node:fs/promises';
import * as path from 'node:path';
import { promisify } from 'node:util';
import * as vscode from 'vscode';

const run = promisify(execFile);
const OLDEST = [3, 11];
const isWindows = process.platform === 'win32';

/** The user's choice, then what was set up before, then the PATH; undefined where there is none. */
export async function findServer(context: vscode.ExtensionContext): Promise<string | undefined> {
  const chosen = userSetting<string>('path');
  if (chosen) {
    return (await isProgram(chosen)) ? chosen : undefined;
  }
  const own = programIn(environmentFolder(context), 'midspan');
  return (await isProgram(own)) ? own : onPath('midspan');
}

/** Makes a private Python environment with midspan in it, and returns the server's path. Throws what went wrong. */
export async function setUpServer(
  context: vscode.ExtensionContext,
  say: (text: string) => void,
  token: vscode.CancellationToken,
): Promise<string> {
  const python = await findPython();
  if (!python) {
    throw new Error(`No Python ${OLDEST.join('.')} or later was found. Install one, or set midspan.path.`);
  }
  const folder = environmentFolder(context);
  await mkdir(path.dirname(folder), { recursive: true });
  await rm(folder, { recursive: true, force: true });
  say('making an environment');
  await watched(python, ['-m', 'venv', folder], say, token);
  const wanted = userSetting<string>('package') || 'midspan[host]';
  say('installing midspan');
  await watched(programIn(folder, 'python'), ['-m', 'pip', 'install', '--disable-pip-version-check', wanted], say, token);
  return programIn(folder, 'midspan');
}

/** A setting that no workspace may set: what runs on this machine is its user's choice. */
export function userSetting<T>(name: string): T | undefined {
  const found = vscode.workspace.getConfiguration('midspan').inspect<T>(name);
  return found?.globalValue ?? undefined;
}

function environmentFolder(context: vscode.ExtensionContext): string {
  return path.join(context.globalStorageUri.fsPath, 'server');
}

function programIn(environment: string, name: string): string {
  return isWindows ? path.join(environment, 'Scripts', `${name}.exe`) : path.join(environment, 'bin', name);
}

async function isProgram(file: string): Promise<boolean> {
  try {
    await access(file, isWindows ? constants.R_OK : constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function onPath(name: string): Promise<string | undefined> {
  const names = isWindows ? [`${name}.exe`, `${name}.cmd`] : [name];
  for (const folder of (process.env.PATH ?? '').split(path.delimiter).filter(Boolean)) {
    for (const one of names) {
      const file = path.join(folder, one);
      if (await isProgram(file)) {
        return file;
      }
    }
  }
  return undefined;
}

async function findPython(): Promise<string | undefined> {
  const code = 'import sys; print(sys.executable); print(*sys.version_info[:2])';
  const candidates: [string, string[]][] = isWindows
    ? [['py', ['-3']], ['python', []]]
    : [['python3', []], ['python3.13', []], ['python3.12', []], ['python3.11', []], ['python', []]];
  for (const [program, before] of candidates) {
    try {
      const [executable, version] = (await run(program, [...before, '-c', code])).stdout.trim().split(/\r?\n/);
      const [major, minor] = version.split(' ').map(Number);
      if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) {
        return executable;
      }
    } catch {
      // not there, or not a Python: the next one
    }
  }
  return undefined;
}

function watched(
  program: string,
  args: string[],
  say: (text: string) => void,
  token: vscode.CancellationToken,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let last = '';
    const note = (data: Buffer) => {
      last = data.toString().trim().split('\n').pop() || last;
      say(last.slice(0, 120));
    };
    child.stdout.on('data', note);
    child.stderr.on('data', note);
    const stopped = token.onCancellationRequested(() => child.kill());
    child.on('error', reject);
    child.on('close', (code) => {
      stopped.dispose();
      if (token.isCancellationRequested) {
        reject(new vscode.CancellationError());
      } else if (code === 0) {
        resolve();
      } else {
        reject(new Error(`${path.basename(program)} ended with ${code}: ${last}`));
      }
    });
  });
}
