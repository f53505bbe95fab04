import test from "ava";
import { checkAppSize } from "../../../storage/rules/app-size.ts";

const G = 1024 ** 3;
const app = { app: "blog", size: 10 * G };
const volumes = [
  { name: "a", app: "blog", size: 4 * G },
  { name: "b", app: "blog", size: null }, // from before there was a limit
  { name: "c", app: "shop", size: 100 * G },
];

test("the sizes of an app's volumes add up to its own at most", (t) => {
  t.notThrows(() => checkAppSize(app, volumes, { name: "d", size: 6 * G }));
  t.throws(() => checkAppSize(app, volumes, { name: "d", size: 6 * G + 1 }), {
    code: "full",
    message: /app "blog" has 10G for all its volumes, of which 6G are left: "d" cannot have/,
  });
});

test("a volume that is made larger counts once", (t) => {
  t.notThrows(() => checkAppSize(app, volumes, { name: "a", size: 10 * G }));
});

test("under a limit every volume needs a size", (t) => {
  t.throws(() => checkAppSize(app, volumes, { name: "d", size: null }), {
    code: "invalid",
    message: /each of them needs a size: size=6G is what is left/,
  });
});

test("an app without size limits nothing", (t) => {
  t.notThrows(() => checkAppSize({ app: "blog", size: null }, volumes, { name: "d", size: null }));
});
