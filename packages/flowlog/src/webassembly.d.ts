// The part of WebAssembly's JavaScript interface that the scanner uses; Node's types leave it to the DOM's.

declare namespace WebAssembly {
  interface Module {
    readonly [Symbol.toStringTag]: 'WebAssembly.Module'
  }
  interface Instance {
    readonly exports: object
  }
  interface Memory {
    readonly buffer: ArrayBuffer
  }
  interface Global {
    value: number
  }
  const Module: new (bytes: Uint8Array<ArrayBuffer>) => Module
  const Instance: new (module: Module, imports: object) => Instance
  const Memory: new (limits: { readonly initial: number; readonly maximum: number }) => Memory
  function validate(bytes: Uint8Array<ArrayBuffer>): boolean
}
