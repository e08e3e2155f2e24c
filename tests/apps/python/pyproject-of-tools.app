convention: `pyproject.toml` for tools only is no app of Python
source: https://packaging.python.org/en/latest/specifications/pyproject-toml/#arbitrary-tool-configuration-the-tool-table
buildpack: none
process web: true
-- Procfile
web: true
-- pyproject.toml
[tool.black]
line-length = 100
