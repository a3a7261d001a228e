// What of the editor's settings the server is told: those that somebody has set, from where they may be set.

import * as vscode from 'vscode';

type Json = { [key: string]: unknown };

/** Only the user may set these: a project could send text elsewhere by them. */
const USER_ONLY = ['backend', 'host', 'outcomes'];
const NOT_THE_SERVERS = ['path', 'package'];

/** The settings below `midspan` as the server wants them, without defaults: its own settings file has a say, too. */
export function settingsForServer(scope: vscode.Uri | undefined, properties: Json): Json {
  const configuration = vscode.workspace.getConfiguration('midspan', scope);
  const found: { [section: string]: Json } = {};
  for (const name of Object.keys(properties)) {
    const [section, key] = name.replace(/^midspan\./, '').split('.');
    if (!key || NOT_THE_SERVERS.includes(section)) {
      continue;
    }
    const set = configuration.inspect(`${section}.${key}`);
    const mayBeTheProjects = vscode.workspace.isTrusted && !USER_ONLY.includes(section);
    const project = mayBeTheProjects ? (set?.workspaceFolderValue ?? set?.workspaceValue) : undefined;
    const value = project ?? set?.globalValue;
    if (value !== undefined) {
      (found[section] ??= {})[key] = value;
    }
  }
  return found;
}
