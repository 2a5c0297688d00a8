/**
 * Look-up in a registry of methods (groupings, merges, similarities).
 * Role: one error text for an unknown id, and the plain part of a method that may cross a process border.
 */
import { GqaLensError } from '../protocol/errors';
import type { MethodInfo } from '../protocol/methods';

/**
 * Finds a method by id.
 * @param what The registry in words, for the message: "merge", "grouping".
 * @throws GqaLensError `conversion-invalid` that lists the known ids.
 */
export function findMethod<Method extends MethodInfo>(methods: readonly Method[], id: string, what: string): Method {
  const method = methods.find((candidate) => candidate.id === id);
  if (method === undefined) {
    throw new GqaLensError('conversion-invalid', `There is no ${what} called "${id}"`, {
      expected: methods.map((candidate) => candidate.id).join(', '),
      found: id,
    });
  }
  return method;
}

/** The data of the methods without their functions: what pickers, --help and other processes get. */
export function describeMethods(methods: readonly MethodInfo[]): MethodInfo[] {
  return methods.map(
    ({ id, title, description, source, needsText = false, recommended = false, needsAssignment = false }) => ({
      id,
      title,
      description,
      source,
      needsText,
      recommended,
      needsAssignment,
    }),
  );
}
