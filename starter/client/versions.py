"""Versions of workers: which of them Temporal gives the activations to, and how many each has.

Only with `workers.deployment` set, else every worker takes every task. Runs are upgraded: at its
next step a run goes to the version that is current then.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version

from temporalio.api.workflowservice.v1 import (
    DescribeWorkerDeploymentRequest,
    SetWorkerDeploymentCurrentVersionRequest,
)
from temporalio.client import Client
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import WorkerDeploymentConfig

from settings.systems import Workers
from starter.client.connect import asking

_REFUSED = frozenset({RPCStatusCode.NOT_FOUND, RPCStatusCode.FAILED_PRECONDITION})


class NoSuchVersion(Exception):
    """No worker of this version has reported to Temporal, or not on every task queue."""


@dataclass(frozen=True)
class Version:
    """A version of workers; `running` counts the open runs whose last step it took."""

    build: str
    current: bool
    since: datetime
    running: int


def deployed(workers: Workers) -> WorkerDeploymentConfig | None:
    """Return under which version a worker reports to Temporal; None without a deployment."""
    if not workers.deployment:
        return None
    return WorkerDeploymentConfig(
        version=WorkerDeploymentVersion(workers.deployment, build_of(workers)),
        use_worker_versioning=True,
        default_versioning_behavior=VersioningBehavior.AUTO_UPGRADE,
    )


def build_of(workers: Workers) -> str:
    return workers.build or version("student-account-activation")


async def versions(client: Client, deployment: str) -> Sequence[Version]:
    """Return the versions that workers reported, the newest first; none without a deployment."""
    if not deployment:
        return []
    request = DescribeWorkerDeploymentRequest(
        namespace=client.namespace, deployment_name=deployment
    )
    with asking():
        try:
            described = await client.workflow_service.describe_worker_deployment(request)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            return []
        current = described.worker_deployment_info.routing_config.current_deployment_version
        found = []
        for each in described.worker_deployment_info.version_summaries:
            named = each.deployment_version
            running = await client.count_workflows(
                "ExecutionStatus = 'Running' AND TemporalWorkerDeploymentVersion ="
                f" '{named.deployment_name}:{named.build_id}'"
            )
            since = each.create_time.ToDatetime(UTC)
            found.append(Version(named.build_id, named == current, since, running.count))
    return sorted(found, key=lambda each: each.since, reverse=True)


async def use(client: Client, deployment: str, build: str) -> None:
    """Give every run to this version from its next step on; raises `NoSuchVersion`."""
    if not deployment:
        raise NoSuchVersion("workers report no version: workers.deployment is not set")
    request = SetWorkerDeploymentCurrentVersionRequest(
        namespace=client.namespace, deployment_name=deployment, build_id=build
    )
    with asking():
        try:
            await client.workflow_service.set_worker_deployment_current_version(request)
        except RPCError as error:
            if error.status not in _REFUSED:
                raise
            raise NoSuchVersion(
                f"Temporal knows no workers of version {build} on every task queue of"
                f" {deployment}: start them first"
            ) from None
