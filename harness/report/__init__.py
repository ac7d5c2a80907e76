"""Reports: records in, tables and figures out. Nothing here imports torch or knows a network.

What a report shows is data (`definitions/*.yaml`); what it may say is decided here:

    definition, records -> rows -> cells (speed and miou choose their records) -> Table -> formats/
                                                              figure_data -> draw (labels)
"""
