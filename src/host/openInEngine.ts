/**
 * How a session begins in the engine: the checkpoint, the registries in the editor's language, and a conversion that the
 * checkpoint can have. Role: what is asked for, once; the session keeps it.
 */
import * as vscode from 'vscode';
import type { ConversionRequest, GroupingView } from '../protocol/conversion';
import { defaultConversion } from '../protocol/defaults';
import { toErrorValue } from '../protocol/errors';
import { translateRegistries } from '../protocol/methodWords';
import type { Registries } from '../protocol/methods';
import type { TaskId } from '../protocol/tasks';
import type { Engine } from './engineChild';
import type { OpenedIn } from './engineModel';

/** What a session starts with when it is restored. */
export interface SessionStart {
  text: string;
  decoderText: string;
  conversion: ConversionRequest;
}

/** What the engine tells when a checkpoint is opened. */
export interface Opened extends OpenedIn {
  registries: Registries;
  conversion: ConversionRequest;
  grouping: GroupingView;
}

/** @param start what is restored; null begins with the usual conversion. @throws GqaLensError naming the file */
export async function openInEngine(
  engine: Engine,
  path: string,
  start: SessionStart | null,
  task: TaskId,
): Promise<Opened> {
  const [model, registries] = await Promise.all([
    engine.open(path, task),
    engine.registries().then((registries) => translateRegistries(registries, vscode.l10n.t)),
  ]);
  const usual = defaultConversion(model, registries);
  const make = async (conversion: ConversionRequest): Promise<Pick<Opened, 'conversion' | 'grouping'>> => ({
    conversion,
    grouping: await engine.grouping(model.modelId, conversion, task),
  });
  // A restored conversion may be of a checkpoint that was replaced since, by a method or on a text that is gone.
  const isKnown = registries.merges.some(({ id }) => id === start?.conversion.merge);
  const wanted = start !== null && isKnown ? start.conversion : usual;
  const made = await make(wanted).catch((error: unknown) => {
    if (wanted === usual || toErrorValue(error).code === 'cancelled') throw error;
    return make(usual);
  });
  return { engine, model, registries, ...made };
}
