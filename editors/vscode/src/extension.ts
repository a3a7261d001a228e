// midspan in VS Code: starts its language server, whose inline completions VS Code shows by itself.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import * as vscode from 'vscode';
import { State, type LanguageClient } from 'vscode-languageclient/node';

import { makeClient } from './client';
import { findServer, setUpServer, userSetting } from './server';
import { Status } from './status';

const run = promisify(execFile);
const WELCOMED = 'welcomed';

class Extension implements vscode.Disposable {
  private readonly status = new Status();
  private readonly channel = vscode.window.createOutputChannel('midspan', { log: true });
  private readonly pausedFiles = new Set<string>();
  private client: LanguageClient | undefined;
  private program: string | undefined;
  private why = 'Nothing was asked for yet.';
  private readonly whyChanged = new vscode.EventEmitter<vscode.Uri>();

  constructor(private readonly context: vscode.ExtensionContext) {
    const commands: { [name: string]: () => unknown } = {
      menu: () => this.menu(),
      why: () => this.showWhy(),
      pause: () => this.pause(),
      model: () => this.chooseModel(),
      doctor: () => this.doctor(),
      setUp: () => this.setUp(),
      restart: () => this.start(),
      log: () => this.channel.show(),
    };
    for (const [name, command] of Object.entries(commands)) {
      context.subscriptions.push(vscode.commands.registerCommand(`midspan.${name}`, command));
    }
    const provider = { onDidChange: this.whyChanged.event, provideTextDocumentContent: () => this.why };
    context.subscriptions.push(
      this,
      this.status,
      this.channel,
      vscode.workspace.registerTextDocumentContentProvider('midspan-why', provider),
      vscode.workspace.onDidChangeConfiguration((change) => {
        if (change.affectsConfiguration('midspan.path')) {
          void this.start();
        }
        this.showState();
      }),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.start()),
      vscode.window.onDidChangeActiveTextEditor(() => this.showState()),
    );
  }

  async start(): Promise<void> {
    await this.stop();
    this.status.set('starting');
    this.program = await findServer(this.context);
    if (!this.program) {
      const chosen = userSetting<string>('path');
      const looked = chosen ? `midspan.path is ${chosen}, which is no program` : 'none was set up, and none is on the PATH';
      this.channel.appendLine(`There is no server: ${looked}.`);
      this.status.set('missing');
      return this.offerSetUp();
    }
    const paused = { has: (document: vscode.TextDocument) => this.pausedFiles.has(document.uri.toString()) };
    const client = makeClient(this.program, this.status, paused, settingsOf(this.context), this.channel);
    this.client = client;
    client.onDidChangeState(({ newState }) => {
      if (newState === State.Running) {
        this.showState();
      }
    });
    try {
      await client.start();
    } catch (error) {
      this.status.set('failed', String(error));
      this.channel.appendLine(`The server does not start: ${error}`);
    }
  }

  async stop(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    if (client?.needsStop()) {
      await client.stop(2000).catch(() => undefined);
    }
  }

  dispose(): void {
    this.whyChanged.dispose();
  }

  /** The first time, the walkthrough, unless somebody is writing; else a message. */
  private async offerSetUp(): Promise<void> {
    if (!this.context.globalState.get(WELCOMED) && !vscode.window.activeTextEditor) {
      await this.context.globalState.update(WELCOMED, true);
      await vscode.commands.executeCommand('workbench.action.openWalkthrough', `${this.context.extension.id}#start`);
      return;
    }
    const choice = await vscode.window.showWarningMessage(
      'midspan has no server on this machine yet.',
      'Set It Up',
      'Choose a Path',
    );
    if (choice === 'Set It Up') {
      await this.setUp();
    } else if (choice) {
      await vscode.commands.executeCommand('workbench.action.openSettings', 'midspan.path');
    }
  }

  private async setUp(): Promise<void> {
    const options = { location: vscode.ProgressLocation.Notification, title: 'midspan', cancellable: true };
    try {
      await vscode.window.withProgress(options, (progress, token) =>
        setUpServer(this.context, (message) => progress.report({ message }), token),
      );
    } catch (error) {
      if (!(error instanceof vscode.CancellationError)) {
        void vscode.window.showErrorMessage(`midspan could not be set up. ${(error as Error).message}`);
      }
      return;
    }
    await this.start();
  }

  private showState(): void {
    if (!this.client?.isRunning()) {
      return;
    }
    const document = vscode.window.activeTextEditor?.document;
    const configuration = vscode.workspace.getConfiguration('midspan', document);
    const languages = configuration.get<string[]>('completion.disabled_languages') ?? [];
    const isOff =
      !configuration.get('completion.enabled', true) ||
      (document && (languages.includes(document.languageId) || this.pausedFiles.has(document.uri.toString())));
    this.status.set(isOff ? 'paused' : 'ready');
  }

  private async menu(): Promise<void> {
    if (!this.program) {
      return this.offerSetUp();
    }
    const document = vscode.window.activeTextEditor?.document;
    const entries: (vscode.QuickPickItem & { run?: () => unknown })[] = [
      { label: '$(question) Why was this proposed, or nothing?', run: () => this.showWhy() },
      { label: '', kind: vscode.QuickPickItemKind.Separator },
      ...(document
        ? [
            { label: this.fileLabel(document), run: () => this.pauseFile(document) },
            { label: this.languageLabel(document), run: () => this.pauseLanguage(document.languageId) },
          ]
        : []),
      { label: this.isEnabled() ? '$(debug-pause) Pause in this workspace' : '$(play) Go on', run: () => this.pause() },
      { label: '$(clock) Silence for 30 minutes', run: () => this.snooze(30) },
      { label: '', kind: vscode.QuickPickItemKind.Separator },
      { label: '$(chip) Choose a model', run: () => this.chooseModel() },
      {
        label: '$(server) Another model server',
        run: () => vscode.commands.executeCommand('workbench.action.openSettings', 'midspan.backend'),
      },
      {
        label: '$(gear) Settings',
        run: () => vscode.commands.executeCommand('workbench.action.openSettings', '@ext:midspan.midspan'),
      },
      { label: '$(pulse) Doctor', run: () => this.doctor() },
      { label: '$(output) Log', run: () => this.channel.show() },
      { label: '$(refresh) Restart the server', run: () => this.start() },
    ];
    const chosen = await vscode.window.showQuickPick(entries, { title: 'midspan' });
    await chosen?.run?.();
  }

  private isEnabled(): boolean {
    return vscode.workspace.getConfiguration('midspan').get('completion.enabled', true);
  }

  private fileLabel(document: vscode.TextDocument): string {
    return this.pausedFiles.has(document.uri.toString()) ? '$(play) Go on in this file' : '$(debug-pause) Pause in this file';
  }

  private languageLabel(document: vscode.TextDocument): string {
    const languages = vscode.workspace.getConfiguration('midspan').get<string[]>('completion.disabled_languages') ?? [];
    const isOff = languages.includes(document.languageId);
    return `${isOff ? '$(play) Go on' : '$(debug-pause) Pause'} in ${document.languageId}`;
  }

  private pauseFile(document: vscode.TextDocument): void {
    const uri = document.uri.toString();
    if (!this.pausedFiles.delete(uri)) {
      this.pausedFiles.add(uri);
    }
    this.showState();
  }

  private async pauseLanguage(languageId: string): Promise<void> {
    const configuration = vscode.workspace.getConfiguration('midspan');
    const languages = configuration.get<string[]>('completion.disabled_languages') ?? [];
    const changed = languages.includes(languageId)
      ? languages.filter((one) => one !== languageId)
      : [...languages, languageId];
    await configuration.update('completion.disabled_languages', changed, vscode.ConfigurationTarget.Global);
  }

  private async pause(): Promise<void> {
    const target = vscode.workspace.workspaceFolders
      ? vscode.ConfigurationTarget.Workspace
      : vscode.ConfigurationTarget.Global;
    const enabled = this.isEnabled() ? false : undefined;
    await vscode.workspace.getConfiguration('midspan').update('completion.enabled', enabled, target);
    if (enabled === undefined && !this.isEnabled()) {
      await vscode.workspace.getConfiguration('midspan').update('completion.enabled', true, target);
    }
  }

  private async snooze(minutes: number): Promise<void> {
    await this.client?.sendRequest('workspace/executeCommand', { command: 'midspan.snooze', arguments: [minutes] });
  }

  private async showWhy(): Promise<void> {
    const document = vscode.window.activeTextEditor?.document;
    const answer = document
      ? await this.client?.sendRequest<{ why: string[] } | null>('midspan/why', {
          textDocument: { uri: document.uri.toString() },
        })
      : null;
    this.why = answer ? answer.why.join('\n') : 'Nothing was asked for in this file yet.';
    const uri = vscode.Uri.parse('midspan-why:Why');
    this.whyChanged.fire(uri);
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri), {
      viewColumn: vscode.ViewColumn.Beside,
      preserveFocus: true,
      preview: true,
    });
  }

  private async chooseModel(): Promise<void> {
    if (!this.program) {
      return this.offerSetUp();
    }
    const { stdout } = await run(this.program, ['models', 'list', '--json']);
    const { installed } = JSON.parse(stdout) as { installed: { name: string; licence: string; bytes: number }[] };
    const entries = installed.map((model) => ({
      label: model.name,
      description: `${Math.round(model.bytes / 1e6)} MB, ${model.licence}`,
    }));
    const chosen = await vscode.window.showQuickPick(entries, { title: 'midspan: models on this machine' });
    if (chosen) {
      const configuration = vscode.workspace.getConfiguration('midspan');
      await configuration.update('host.model', chosen.label, vscode.ConfigurationTarget.Global);
    }
  }

  private doctor(): void {
    if (!this.program) {
      void this.offerSetUp();
      return;
    }
    const terminal = vscode.window.createTerminal({ name: 'midspan doctor', shellPath: this.program, shellArgs: ['doctor'] });
    terminal.show();
  }
}

function settingsOf(context: vscode.ExtensionContext): { [key: string]: unknown } {
  const contributed = context.extension.packageJSON.contributes.configuration as { properties: object }[];
  return Object.assign({}, ...contributed.map((section) => section.properties)) as { [key: string]: unknown };
}

let extension: Extension | undefined;

export function activate(context: vscode.ExtensionContext): void {
  extension = new Extension(context);
  void extension.start(); // not awaited: the server's start is not the window's
}

export function deactivate(): Promise<void> | undefined {
  return extension?.stop();
}
