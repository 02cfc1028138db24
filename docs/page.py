"""What the pictures of these documents have in common: `draw.py` and `draw_errors.py` use it."""

from html import escape

STYLE = """
  text {{ font: 14px system-ui, sans-serif; fill: #1f2328 }}
  .title {{ font-weight: 600; font-size: 16px }}
  .small {{ fill: #59636e; font-size: 12px }}
  .ground {{ fill: #ffffff }}
{light}
  @media (prefers-color-scheme: dark) {{
    text {{ fill: #e6edf3 }} .small {{ fill: #9198a1 }}
    .ground {{ fill: #0d1117 }}
{dark}
  }}
"""


def page(width, height, title, described, light, dark, body):
    """An SVG of this size, with classes of its own in `light` and, where they differ, `dark`."""
    style = STYLE.format(light=light.strip("\n"), dark=dark.strip("\n"))
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">',
        f"<title>{escape(title)}: {escape(described)}</title>",
        f"<style>{style}</style>",
        f'<rect class="ground" width="{width}" height="{height}" rx="6"/>',
        f'<text class="title" x="16" y="28">{escape(title)}</text>',
    ]
    return "\n".join(head + body + ["</svg>", ""])
