/**
 * A sweep: quality, KV cache and parameters of a checkpoint for every number of KV heads and every method, as plain rows.
 * What the command line prints, what result files hold, and what the sweep panel and reports are drawn from.
 */
import type { CalibrationText } from './conversion';
import type { MethodInfo } from './methods';
import type { Tokens } from './tokens';

/** What quality is measured on. */
export type SweepText =
  | {
      kind: 'file';
      /** Path of a text file; null is the excerpt that comes with the product, after what calibration uses of it. */
      file: string | null;
      /** How many windows of it; fewer when the text is short. */
      windows: number;
      /** Tokens a window; null is 512, or what the model takes. */
      windowSize: number | null;
    }
  | {
      kind: 'tokens';
      /** Tokens of each window: for checkpoints without a tokenizer, and for texts of both stacks of an encoder-decoder. */
      windows: Tokens[];
    };

/** Every combination of groups, groupings and merges is a row; the checkpoint as it is comes first. */
export interface SweepRequest {
  text: SweepText;
  /** Numbers of KV heads. Empty: every one that the checkpoint can be pooled to. */
  groups: number[];
  /** Registry ids. */
  groupings: string[];
  merges: string[];
  /** What methods with `needsText` solve on. Absent: the excerpt that comes with the product. */
  calibration?: CalibrationText;
  /** Greedy tokens whose time is taken for each row; 0 takes no time. */
  timedTokens: number;
}

/** A combination: what was, or is to be, measured. */
export interface SweepMethod {
  /** KV heads. */
  G: number;
  /** Registry ids; null in the row of the checkpoint as it is. */
  grouping: string | null;
  merge: string | null;
}

/** One row of a sweep. Numbers are null where the row failed, or where a text is too short to have them. */
export interface SweepRow extends SweepMethod {
  /** Mean next-token cross-entropy in nats. */
  loss: number | null;
  perplexity: number | null;
  /** Mean KL(original ‖ converted) in nats a token. */
  klMean: number | null;
  /** Share of positions with the same most probable next token as the original. */
  top1Agreement: number | null;
  kvCacheBytesPerToken: number | null;
  parameters: number | null;
  /** Median time of a greedily decoded token; null when it was not asked for. */
  millisecondsPerToken: number | null;
  /** Time that grouping and merging took, and that measuring took. */
  solveMilliseconds: number | null;
  measureMilliseconds: number | null;
  adapter: string;
  /** Why the row has no numbers: the message of the error. */
  error: string | null;
}

/** The checkpoint that was swept. */
export interface SweepModel {
  name: string;
  path: string;
  familyTitle: string;
  L: number;
  D: number;
  H: number;
  G: number;
  K: number;
  dtype: string;
}

/** Windows of tokens that a sweep measured or solved on. */
export interface SweepTokens {
  /** For people: "valid.txt", "the bundled excerpt". */
  name: string;
  tokens: number;
  windows: number;
  windowSize: number;
}

/** Hashes of what the numbers of a sweep depend on besides the method. */
export interface SweepIdentity {
  /** Version of the product that computed them. */
  version: string;
  model: string;
  text: string;
  /** null where the checkpoint has no tokenizer: methods that need a text fail there. */
  calibration: string | null;
}

/** A sweep as far as it has come. */
export interface SweepResult {
  identity: SweepIdentity;
  model: SweepModel;
  text: SweepTokens;
  calibration: SweepTokens | null;
  request: SweepRequest;
  /** The groupings and merges of the rows, as their registries describe them. */
  methods: { groupings: MethodInfo[]; merges: MethodInfo[] };
  /** The finished rows, the checkpoint as it is first. Rows of earlier requests on the same texts may be among them. */
  rows: SweepRow[];
  /** The combinations that the request asks for and that are not among the rows. */
  missing: SweepMethod[];
}

/** The formats that a result is written in, by the ending of the file. */
export type SweepFormat = 'json' | 'csv' | 'html';
