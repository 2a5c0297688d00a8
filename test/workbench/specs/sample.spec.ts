// The VSIX in a clean VS Code: the sample checkpoint opens by command.
import { expect, test } from 'vitest';
import { useWorkbench } from '../harness/useWorkbench';

const workbench = useWorkbench();

test('"GQA Lens: Open Sample Checkpoint" opens the explorer', async () => {
  await workbench().runCommand('GQA Lens: Open Sample Checkpoint');
  const explorer = await workbench().webview('explorer');
  expect(await explorer.getByTestId('text-input').isVisible()).toBe(true);
});
