"""The sandbox in which the tests tell every story: whatever is not the same twice is refused.

Rules pass through it, since executing them anew for every order would cost more than the orders do; one replay has
them inside too.
"""

from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

SANDBOX = SandboxedWorkflowRunner(
    restrictions=SandboxRestrictions.default.with_passthrough_modules("models", "rules", "activities")
)
STRICT = SandboxedWorkflowRunner(
    restrictions=SandboxRestrictions.default.with_passthrough_modules("models", "activities")
)
