import { type BrowserWindow, dialog } from 'electron';
import type { QuitAnswer } from '../quitting.ts';

/** For when the page cannot ask: it did not load, hangs or crashed. So the words are here and not in the page's files. */
const words = {
  en: {
    message: (count: number) => `${count} ${count === 1 ? 'container is' : 'containers are'} running.`,
    detail: 'Containers can go on running while Beluga is closed.',
    buttons: ['Keep running', 'Stop all', 'Cancel'],
    remember: 'Remember my choice',
  },
  'zh-CN': {
    message: (count: number) => `${count} 个容器正在运行。`,
    detail: '关闭 Beluga 后，容器可以继续运行。',
    buttons: ['保持运行', '全部停止', '取消'],
    remember: '记住我的选择',
  },
} as const;

const answers: readonly QuitAnswer[] = ['keep', 'stop', 'cancel'];

/** Puts the question of quitting in a dialog of the system. */
export async function askInDialog(
  window: BrowserWindow,
  running: number,
  language: keyof typeof words,
): Promise<{ answer: QuitAnswer; remember: boolean }> {
  const { message, detail, buttons, remember } = words[language];
  const { response, checkboxChecked } = await dialog.showMessageBox(window, {
    type: 'question',
    message: message(running),
    detail,
    buttons: [...buttons],
    checkboxLabel: remember,
    defaultId: 0,
    cancelId: 2,
  });
  return { answer: answers[response] ?? 'cancel', remember: checkboxChecked };
}
