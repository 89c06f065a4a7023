import { describe, expect, test } from "vitest";
import { excerptOf } from "./excerpt.ts";

describe("an excerpt", () => {
  test.each<[what: string, html: string, maxLength: number, text: string]>([
    ["of a plain text is the text", "lorem ipsum", 20, "lorem ipsum"],
    ["is cut to its length", "lorem ipsum", 3, "lor"],
    ["as long as the text is whole", "lorem", 5, "lorem"],
    ["collapses blanks", "  a \n\t b  ", 20, "a b"],
    ["is trimmed where it was cut", "ab cd", 3, "ab"],
    ["has no tags", "<b>bold</b> and <i class='x > y'>italic</i>", 40, "bold and italic"],
    ["has a blank between blocks", "<p>one</p><p>two</p>three<div>four</div>", 40, "one two three four"],
    ["has none around inline tags", "a<b>b</b><span>c</span><br>d", 40, "abcd"],
    ["decodes entities", "Tom &amp; Jerry &lt;3 &eacute;&#233;&#x1f600;", 40, "Tom & Jerry <3 éé😀"],
    ["drops comments", "a<!-- <p>no</p> -->b", 40, "ab"],
    ["drops scripts and styles", "a<script>if (1<2) x('</p>')</script>b<style>p{}</style>c", 40, "abc"],
    ["drops forms and what stands in them", "a<form>b<p>c</p></form>d", 40, "ad"],
    ["drops pictures", "a<img src='x.png' alt='b'>c", 40, "ac"],
    ["goes on behind an element that was not closed", "<div><form>a</div>b", 40, "b"],
    ["survives a closing tag that opens nothing", "a</div>b</p>c", 40, "ab c"],
    ["counts code points", "😀😀😀", 2, "😀😀"],
    ["keeps what only looks like a tag", "1 < 2 and 3 > 2", 40, "1 < 2 and 3 > 2"],
    ["of nothing is nothing", "", 5, ""],
    ["trims blanks of all kinds", "\u00a0\u0085\u2003a\u00a0\u0085\u2003", 40, "a"],
    ["keeps a byte order mark", "\ufeffa", 40, "\ufeffa"],
    ["enters no element behind its end, in bytes", "<p>日本語</p><p>テキスト</p>", 5, "日本語"],
    ["reads on beside the element, in bytes", "<p>日本語</p>テキスト", 5, "日本語 テ"],
  ])("%s", (_, html, maxLength, text) => {
    expect(excerptOf(html, { maxLength, withEllipsis: false })).toBe(text);
  });

  test.each<[html: string, maxLength: number, text: string]>([
    ["lorem ipsum", 5, "lorem..."],
    ["lorem ipsum", 6, "lorem..."],
    ["lorem", 5, "lorem"],
    ["lorem&nbsp; ", 5, "lorem"],
  ])("of %j in %i has an ellipsis where it was cut", (html, maxLength, text) => {
    expect(excerptOf(html, { maxLength, withEllipsis: true })).toBe(text);
  });

  test("is found behind a picture of a megabyte", () => {
    const html = `<p><img src="data:image/png;base64,${"A".repeat(1_000_000)}"></p><p>text</p>`;
    expect(excerptOf(html, { maxLength: 10, withEllipsis: false })).toBe("text");
  });

  test.each([
    "<b>",
    "<div><b>",
    "</b>",
    "<p>x</div>",
    "<form>",
    "<b><i></b>",
    "&nbsp;",
    "<",
    "<!--",
    "<a x='",
    "&#",
  ])("of a megabyte of %j takes its length and no more", (part) => {
    const cpuOf = (chars: number): number => {
      const html = part.repeat(chars / part.length);
      const before = process.cpuUsage();
      excerptOf(html, { maxLength: 1_000_000, withEllipsis: true });
      const { user, system } = process.cpuUsage(before);
      return user + system;
    };
    cpuOf(100_000);
    // quadratic would be a hundred times
    expect(cpuOf(1_000_000)).toBeLessThan(30 * Math.max(cpuOf(100_000), 10_000));
  });
});
