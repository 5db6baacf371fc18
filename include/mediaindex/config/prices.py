"""What work costs, so that a forecast can be told in money."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Price = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Prices(BaseModel):
    """In ``currency``, for an hour of one CPU core at work, and of one GPU.

    Cores that idle are not counted: where a machine is rented for the backfill, give the price of an hour that is used.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    cpu_core_hour: Price
    gpu_hour: Price = 0.0

    def cost(self, cpu_s: float, gpu_s: float) -> float:
        """Of so many seconds of a core and of a GPU."""
        return (cpu_s * self.cpu_core_hour + gpu_s * self.gpu_hour) / 3600
