import { describe, expect, test } from 'vitest';
import { renderMarkdown } from '../src/panel/markdown';

const html = (source: string): string => {
  const box = document.createElement('div');
  box.append(...renderMarkdown(source));
  return box.innerHTML;
};

describe('Markdown', () => {
  test.each([
    ['one\ntwo\n\nthree', '<p>one two</p><p>three</p>'],
    ['# Title\ntext', '<h3>Title</h3><p>text</p>'],
    ['### Part\ntext', '<h4>Part</h4><p>text</p>'],
    ['> said\n> so', '<blockquote>said so</blockquote>'],
    ['a\n\n---\n\nb', '<p>a</p><hr><p>b</p>'],
    ['```\n**a**\n  b\n```\nc', '<pre dir="ltr" tabindex="0"><code>**a**\n  b</code></pre><p>c</p>'],
    [
      '![alt](https://e.org/a.png)',
      '<p><a href="https://e.org/a.png" target="_blank" rel="noopener noreferrer">alt</a></p>',
    ],
    ['- a\n- b', '<ul><li>a</li><li>b</li></ul>'],
    ['1. a\n2. b\n\nend', '<ol><li>a</li><li>b</li></ol><p>end</p>'],
    ['text\n- a', '<p>text</p><ul><li>a</li></ul>'],
    ['**b** *i* `c`', '<p><strong>b</strong> <em>i</em> <code dir="ltr">c</code></p>'],
    ['**b *and i* c**', '<p><strong>b <em>and i</em> c</strong></p>'],
    ['2 * 3 * 4', '<p>2 * 3 * 4</p>'],
    [
      '[x](https://e.org/a?b=c)',
      '<p><a href="https://e.org/a?b=c" target="_blank" rel="noopener noreferrer">x</a></p>',
    ],
    ['', ''],
  ])('%j', (source, expected) => {
    expect(html(source)).toBe(expected);
  });

  test.each([
    '<script>alert(1)</script>',
    '<img src=x onerror=alert(1)>',
    '**<svg onload=alert(1)>**',
    '# <iframe srcdoc="<script>1</script>">',
    '- <a href="javascript:alert(1)">x</a>',
    '`<style>*{display:none}</style>`',
    '[<b onclick=alert(1)>](https://e.org)',
  ])('markup in the text stays text: %s', (source) => {
    const box = document.createElement('div');
    box.append(...renderMarkdown(source));
    expect(
      box.querySelector('script,img,svg,iframe,style,b,a[href^=javascript],[onclick],[onerror],[onload]'),
    ).toBeNull();
    expect(box.textContent).toContain('<');
  });

  test.each([
    'javascript:alert(1)',
    'JaVaScript:alert(1)',
    'data:text/html,x',
    'vbscript:x',
    '//evil.example',
    '/\\evil.example',
    'file:///etc',
  ])('%s is no link', (href) => {
    expect(html(`[x](${href})`)).not.toContain('<a');
  });
});
