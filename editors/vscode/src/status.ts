// The item in the status bar: how things are, in a word and a colour.

import * as vscode from 'vscode';

export type State = 'starting' | 'ready' | 'paused' | 'missing' | 'failed';

const LOOKS: { [state in State]: [icon: string, tooltip: string] } = {
  starting: ['$(loading~spin)', 'midspan is starting'],
  ready: ['$(edit-sparkle)', 'midspan proposes what you are about to write'],
  paused: ['$(circle-slash)', 'midspan is paused'],
  missing: ['$(warning)', 'midspan has no server yet: choose this to set it up'],
  failed: ['$(error)', 'midspan does not run: choose this to see why'],
};

export class Status implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem('midspan', vscode.StatusBarAlignment.Right, 100);
  state: State = 'starting';

  constructor() {
    this.item.name = 'midspan';
    this.item.command = 'midspan.menu';
    this.set('starting');
    this.item.show();
  }

  set(state: State, detail = ''): void {
    this.state = state;
    const [icon, tooltip] = LOOKS[state];
    this.item.text = `${icon} midspan`;
    this.item.tooltip = detail ? `${tooltip}\n${detail}` : tooltip;
    const isBad = state === 'missing' || state === 'failed';
    this.item.backgroundColor = isBad ? new vscode.ThemeColor('statusBarItem.warningBackground') : undefined;
  }

  dispose(): void {
    this.item.dispose();
  }
}
