"""From assessments to what an assessor reads: requirements of PCI DSS 4.0.1, their evidence, and a report.

The flow: `policies.recorded_result` reads what the gate wrote, `requirements` the standard as data, `entity` what only
the entity can say of itself, `verdict` holds the rules, `landscape` draws and lists what was judged, `control_report`
joins them into one value, and `report_files` prints that in all its forms, each by a module `render_*`, `oscal` or
`ocsf`. `manifest` names their digests, `signature` signs it, and `report_folder` writes them, whole or not at all.
`verify` makes all of it again from the inputs it names, `diff` compares two reports. `lint` refuses mappings that would
mislead. Everything between reading and writing is a function of what was read, without clock and chance.
"""
