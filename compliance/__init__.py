"""From assessments to what an assessor reads: requirements of PCI DSS 4.0.1, their evidence, and a report.

The flow: `gate_result` reads what the gate wrote, `requirements` reads the standard as data, `entity` what the entity
declares about itself; `verdict` holds the rules, and `control_report` joins all into one value. `report_files` prints
that in all its forms (`render_html`, `render_markdown`, `render_json`, `oscal`, `ocsf`), `manifest` names their
digests, `signature` signs it, and `report_folder` writes them, whole or not at all. `verify` makes all of it again from
the inputs it names, `diff` compares two reports. `lint` refuses mappings that would mislead. Between reading and
writing everything is a function of what was read, without clock and chance.
"""
