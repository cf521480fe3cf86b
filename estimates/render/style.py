"""How the page of a report looks: light and dark, wide and narrow, on screen and on paper."""

from estimates.render.colours import BEYOND, WITHIN

STYLE = f"""
:root {{ color-scheme: light dark; --ink: #1b2430; --soft: #5a6675; --line: #dde2e8; \
--paper: #fff; --card: #f6f8fa }}
@media (prefers-color-scheme: dark) {{
  :root {{ --ink: #e4e9ef; --soft: #9ba7b5; --line: #2f3945; --paper: #11161c; --card: #1a212a }}
}}
* {{ box-sizing: border-box }}
body {{
  margin: 0;
  background: var(--paper);
  color: var(--ink);
  font: 15px/1.5 system-ui, "Segoe UI", Helvetica, Arial, sans-serif;
}}
main {{ max-width: 1160px; margin: 0 auto; padding: 28px 20px 40px }}
header {{ margin-bottom: 16px }}
header p {{ margin: 0; color: var(--soft) }}
time {{ white-space: nowrap }}
h1 {{
  font-size: clamp(1.15rem, 2.6vw, 1.55rem);
  line-height: 1.3;
  font-weight: 600;
  margin: 6px 0 22px;
  max-width: 52em;
  overflow-wrap: anywhere;
}}
h2 {{
  font-size: 1.2rem;
  font-weight: 600;
  margin: 36px 0 12px;
  padding-top: 14px;
  border-top: 1px solid var(--line);
  overflow-wrap: anywhere;
}}
h2 small {{ color: var(--soft); font-weight: normal; font-size: .8em }}
h3 {{ font-size: 1rem; font-weight: 600; margin: 0 0 2px; overflow-wrap: anywhere }}
.facts {{ display: flex; flex-wrap: wrap; gap: 8px; margin: 0 0 20px }}
.facts div {{ background: var(--card); border-radius: 8px; padding: 8px 14px; flex: 1 1 auto }}
.facts dt {{ color: var(--soft); font-size: .8rem; white-space: nowrap }}
.facts dd {{ margin: 0; font-size: 1.25rem; font-variant-numeric: tabular-nums; \
white-space: nowrap }}
.pictures {{ columns: 3 330px; column-gap: 20px }}
.two {{ columns: 2 330px }}
figure {{ margin: 0 0 20px; background: var(--card); border-radius: 10px; padding: 14px; \
break-inside: avoid }}
figure svg {{ display: block; width: 100%; height: auto; margin: 4px 0 }}
figcaption, .note, footer {{ color: var(--soft); font-size: .85rem }}
.legend {{ margin: 0; font-size: .8rem; color: var(--soft) }}
.legend i {{
  display: inline-block;
  width: .8em;
  height: .8em;
  border-radius: 2px;
  margin: 0 5px 0 0;
  vertical-align: -.05em;
}}
.legend i + i, .legend .beyond {{ margin-left: 12px }}
.within {{ background: {WITHIN} }}
.beyond {{ background: {BEYOND} }}
details {{ margin: 0 0 18px; min-width: 0 }}
summary {{ font-weight: 600; cursor: pointer; margin-bottom: 4px; overflow-wrap: anywhere }}
details p {{ margin: 4px 0; overflow-wrap: anywhere }}
.tables {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 500px), 1fr)); \
gap: 0 32px }}
details.whole {{ grid-column: 1 / -1 }}
.wide {{ overflow-x: auto }}
table {{ border-collapse: collapse; font-size: .88rem; font-variant-numeric: tabular-nums }}
th, td {{ text-align: right; padding: 4px 12px 4px 0; border-bottom: 1px solid var(--line); \
white-space: nowrap }}
th {{ color: var(--soft); font-weight: normal }}
.words {{ text-align: left; white-space: normal; overflow-wrap: break-word; max-width: 22em }}
.short {{ white-space: nowrap }}
.long {{ min-width: 18em }}
footer {{ margin-top: 36px; border-top: 1px solid var(--line) }}
@media print {{
  @page {{ margin: 14mm }}
  :root {{ color-scheme: light; --ink: #1b2430; --soft: #5a6675; --line: #dde2e8; --paper: #fff; \
--card: #f6f8fa }}
  * {{ print-color-adjust: exact; -webkit-print-color-adjust: exact }}
  main {{ max-width: none; padding: 0 }}
  .wide {{ overflow: visible }}
  .wide table {{ font-size: 9px }}
  .wide th, .wide td {{ padding-right: 7px }}
  h2, h3, summary {{ break-after: avoid }}
  .pictures {{ columns: 2 }}
  body {{ font-size: 12px }}
}}
"""
