/** The functions of an interface as its pages call them: whoever answers may take time. */
export type Remotely<Api> = {
  [Name in keyof Api]: Api[Name] extends (...parameters: infer Parameters) => infer Result
    ? (...parameters: Parameters) => Promise<Awaited<Result>>
    : never;
};
