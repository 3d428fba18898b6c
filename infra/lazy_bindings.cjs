// Run by Node.js before jsii (see lazy_bindings.py): whoever asks for the index of the AWS provider's
// bindings gets the lazy index that lies beside it, which requires a resource's file when it is first named.
"use strict";
const fs = require("node:fs");
const Module = require("node:module");
const path = require("node:path");

// Unpacked to .../provider-aws/lib, or in jsii's package cache to .../provider-aws/<version>/<digest>/lib.
const PROVIDER_INDEX = /[\\/]provider-aws[\\/](?:[^\\/]+[\\/][^\\/]+[\\/])?lib[\\/]index\.js$/;

const resolveFilename = Module._resolveFilename;
Module._resolveFilename = function (...request) {
  const found = resolveFilename.apply(this, request);
  if (!PROVIDER_INDEX.test(found)) return found;
  const lazy = path.join(path.dirname(found), "lazy-index.js");
  return fs.existsSync(lazy) ? lazy : found;
};
