"""The steps that journeys share: each file contains one whole step, and a table orders the steps.

A step is a page, or a part of one: ``identity``, ``human_check``, ``code``, ``pupils``, ``password``.  ``limits``
counts failures and messages for all steps, and ``ending`` has the event back and the expiry.

A file is in the order in which one event is processed:

1. **events**: what the parent submits, as typed;
2. **run data**: a class of ``Run`` with the fields of the step.  A journey's run inherits those of its steps;
3. **facts**: what is loaded from the ports for the event, and the loader; loaders decide nothing;
4. **guards**: the conditions of the table.  Each returns a bool; one that calls a validator adds its refusals;
5. **effects**: what a row changes.  Each adds changes to the context; nothing is written before the commit;
6. **view**: what the page shows.

An effect that opens the next step is marked with the guard that it needs (``gated``), and ``compile_table`` refuses a
table without that guard.

Imports: ``pupils``, ``password`` > ``identity`` > ``code``, ``human_check`` > ``limits`` > ``ending``.
"""
