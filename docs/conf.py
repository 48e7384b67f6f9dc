"""Configuration of the manual: `make manual` builds it, and so does a test, with every warning an error."""

import sys
from importlib.metadata import version as installed_version
from pathlib import Path

from cli.app import COMMANDS

sys.path.insert(0, str(Path(__file__).parent))

project = "voice"
author = "the voice developers"
version = release = installed_version("voice-realtime")
extensions = ["myst_parser", "sphinx.ext.autodoc", "generated"]
exclude_patterns = ["_build"]

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
python_maximum_signature_line_length = 88
default_role = "code"  # docstrings put code in single backticks
python_use_unqualified_type_names = True

# Annotations also name what the manual does not describe: other libraries, and inner classes. A link that a page makes
# to a public name must lead somewhere.
nitpick_ignore_regex = [("py:.*", r"(?!engine\.\w+$).*")]

toc_object_entries_show_parents = "hide"

html_theme = "furo"
html_title = "voice"
html_static_path = ["_static"]
html_css_files = ["manual.css"]
html_show_sourcelink = False
html_copy_source = False

man_pages = [("commands/voice", "voice", "talk with an agent, choose audio devices, measure latency", "", 1)] + [
    (f"commands/{name}", f"voice-{name}", summary.rstrip("."), "", 1) for name, summary in COMMANDS.items()
]
