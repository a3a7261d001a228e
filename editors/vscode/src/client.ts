// The language server's other end: starts it, restarts it, and tells it what it asks for.

import * as vscode from 'vscode';
import {
  CloseAction,
  ErrorAction,
  LanguageClient,
  RevealOutputChannelOn,
  type CloseHandlerResult,
  type LanguageClientOptions,
} from 'vscode-languageclient/node';

import { settingsForServer } from './settings';
import type { Status } from './status';

type Json = { [key: string]: unknown };

/** How long to wait before the server is started again, in milliseconds; after the last it is left alone. */
const BACK_OFF_MS = [500, 2000, 5000, 15000, 60000];
const STEADY_MS = 300000;

const DOCUMENTS = [{ scheme: 'file' }, { scheme: 'untitled' }, { scheme: 'vscode-notebook-cell' }];

export interface Paused {
  has(document: vscode.TextDocument): boolean;
}

/** A language client that leaves it to us what the user is told: its own messages would come with each attempt. */
class QuietClient extends LanguageClient {
  override error(message: string, data?: unknown): void {
    super.error(message, data, false);
  }
}

export function makeClient(
  program: string,
  status: Status,
  paused: Paused,
  properties: Json,
  channel: vscode.LogOutputChannel,
): LanguageClient {
  const settings = (scope?: vscode.Uri) => settingsForServer(scope, properties);
  let ends: number[] = [];
  const options: LanguageClientOptions = {
    documentSelector: DOCUMENTS,
    outputChannel: channel,
    revealOutputChannelOn: RevealOutputChannelOn.Never,
    initializationOptions: { midspan: settings() },
    synchronize: { configurationSection: 'midspan' },
    middleware: {
      workspace: {
        configuration: (params) =>
          params.items.map((item) =>
            item.section === 'midspan' ? settings(item.scopeUri ? vscode.Uri.parse(item.scopeUri) : undefined) : null,
          ),
        didChangeConfiguration: async () => {
          await client.sendNotification('workspace/didChangeConfiguration', { settings: { midspan: settings() } });
        },
      },
      provideInlineCompletionItems: (document, position, context, token, next) =>
        paused.has(document) ? undefined : next(document, position, context, token),
    },
    errorHandler: {
      error: () => ({ action: ErrorAction.Continue }),
      closed: async (): Promise<CloseHandlerResult> => {
        const now = Date.now();
        ends = [...ends.filter((end) => now - end < STEADY_MS), now];
        const wait = BACK_OFF_MS[ends.length - 1];
        if (wait === undefined) {
          status.set('failed', 'It ended again and again. The log may say why.');
          void vscode.window.showErrorMessage('midspan ended again and again and is left alone.', 'Log').then((log) => {
            if (log) {
              channel.show();
            }
          });
          return { action: CloseAction.DoNotRestart, handled: true };
        }
        status.set('starting');
        if (ends.length === 1) {
          void vscode.window.showWarningMessage('midspan ended unexpectedly and is started again.');
        }
        await new Promise((resolve) => setTimeout(resolve, wait));
        return { action: CloseAction.Restart, handled: true };
      },
    },
  };
  const client = new QuietClient('midspan', 'midspan', { command: program, args: ['--stdio'] }, options);
  return client;
}
