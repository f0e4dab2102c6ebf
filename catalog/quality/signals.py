"""What checks announce, after the transaction of the change is kept."""

from django.dispatch import Signal

# check (QualityCheck with its port and product), before, after (values of Status), measured_at (None when nothing was
# measured): it stands differently, after flapping was suppressed; a check that ends or is deleted becomes unknown
check_changed = Signal()
results_recorded = Signal()  # port_ids: other tools sent results of these ports' checks
checks_edited = Signal()  # port_ids: their checks were made, edited, ended or deleted
