import test from "ava";
import * as fc from "fast-check";
import {
  formatAnswer,
  formatQuestion,
  fsidHex,
  fsidOfHex,
  parseQuestion,
  type Question,
} from "../../../nfs-server/exports/questions.ts";

const word = fc.string({ unit: "binary", minLength: 1 }).filter((text) => !text.startsWith("\\x"));
const question: fc.Arbitrary<Question> = fc.oneof(
  fc.record({ channel: fc.constant("auth.unix.ip" as const), service: word, address: word }),
  fc.record({
    channel: fc.constant("nfsd.fh" as const),
    client: word,
    fsidType: fc.nat(7),
    fsid: fc
      .uint8Array({ minLength: 1, maxLength: 24 })
      .map((it) => Buffer.from(it).toString("hex")),
  }),
  fc.record({ channel: fc.constant("nfsd.export" as const), client: word, path: word }),
);

test("every question is understood as it was written, whatever letters are in it", (t) => {
  fc.assert(
    fc.property(question, (asked) => {
      t.deepEqual(parseQuestion(asked.channel, `${formatQuestion(asked)}\n`), asked);
    }),
  );
  t.pass();
});

test("no answer has more than one line, or more words than it should", (t) => {
  fc.assert(
    fc.property(question, word, (asked, given) => {
      if (asked.channel === "nfsd.export") return;
      const line = formatAnswer({ question: asked, answer: given } as never, 17);
      t.is(line.indexOf("\n"), line.length - 1);
      const expected = formatQuestion(asked).split(" ").length + 2;
      t.is(line.slice(0, -1).split(" ").length, expected);
    }),
  );
  t.pass();
});

test("any text at all is a question or nothing, and never an exception", (t) => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (line) => {
      for (const name of ["auth.unix.ip", "nfsd.fh", "nfsd.export"] as const)
        t.notThrows(() => parseQuestion(name, line));
    }),
  );
  t.pass();
});

test("the three channels as the kernel writes them", (t) => {
  t.deepEqual(parseQuestion("auth.unix.ip", "nfsd 10.77.0.11\n"), {
    channel: "auth.unix.ip",
    service: "nfsd",
    address: "10.77.0.11",
  });
  t.deepEqual(parseQuestion("nfsd.fh", "node1 1 \\x65000000\n"), {
    channel: "nfsd.fh",
    client: "node1",
    fsidType: 1,
    fsid: "65000000",
  });
  t.deepEqual(parseQuestion("nfsd.export", "node1 /exports/with\\040space\n"), {
    channel: "nfsd.export",
    client: "node1",
    path: "/exports/with space",
  });
});

test("answers, and what a no is", (t) => {
  const address = { channel: "auth.unix.ip", service: "nfsd", address: "10.0.0.5" } as const;
  t.is(formatAnswer({ question: address, answer: "node1" }, 100), "nfsd 10.0.0.5 100 node1\n");
  t.is(formatAnswer({ question: address, answer: null }, 100), "nfsd 10.0.0.5 100\n");
  const handle = { channel: "nfsd.fh", client: "n", fsidType: 1, fsid: fsidHex(101) } as const;
  t.is(
    formatAnswer({ question: handle, answer: "/exports/a b" }, 100),
    "n 1 \\x65000000 100 /exports/a\\040b\n",
  );
  const place = { channel: "nfsd.export", client: "n", path: "/exports/a" } as const;
  const terms = { flags: 0x2000, anonymous: { uid: 1, gid: 2 }, fsid: 101, mutualTls: false };
  t.is(
    formatAnswer({ question: place, answer: terms }, 100),
    "n /exports/a 100 8192 1 2 101 secinfo 1 1 8192\n",
  );
  t.is(
    formatAnswer({ question: place, answer: { ...terms, mutualTls: true } }, 100),
    "n /exports/a 100 8192 1 2 101 secinfo 1 1 8192 xprtsec 1 4\n",
  );
  t.is(formatAnswer({ question: place, answer: null }, 100), "n /exports/a 100\n");
});

test("a file system id is the same after the way through the kernel's hex", (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 31 - 1 }), (fsid) => {
      t.is(fsidOfHex(fsidHex(fsid)), fsid);
    }),
  );
  t.is(fsidOfHex("00"), null);
  t.is(fsidOfHex("6500000000000000"), null);
});
