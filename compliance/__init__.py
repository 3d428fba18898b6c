"""From assessments to what an assessor reads: requirements of PCI DSS 4.0.1, their evidence, and a report.

The flow: `gate_result` reads what the gate wrote, `requirements` reads the standard as data, `verdict` holds
the rules, `control_report` joins them into one value, and `render_html`, `render_markdown`, `render_json`,
`oscal` and `ocsf` print it. `lint` refuses mappings that would mislead. Reading happens in `gate_result`,
`requirements` and `provenance` only.
"""
