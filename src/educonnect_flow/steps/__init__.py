"""The steps that journeys share: each file holds all of one step, and a table puts steps in order.

A step is a page, or a part of one: ``identity``, ``human_check``, ``code``, ``pupils``, ``password``.  ``limits``
counts failures and messages for all of them, and ``ending`` is how a run goes back and expires.

A file reads from top to bottom in the order of one event:

1. **events**: what the parent submits, as typed;
2. **run data**: a class of ``Run`` with the fields of the step.  A journey's run inherits those of its steps;
3. **facts**: what is loaded from outside for the event, and the loader; loaders judge nothing;
4. **guards**: the questions of the table.  Each returns a bool; one that asks a validator notes the refusals;
5. **effects**: what a row changes.  Each notes it on the context; nothing is done before the commit;
6. **view**: what the page shows.

An effect that opens the next step is marked with the guard that must come before it (``gated``), and
``compile_table`` refuses a table that leaves the guard out.

Who imports whom: ``pupils``, ``password`` > ``identity`` > ``code``, ``human_check`` > ``limits`` > ``ending``.
"""
