"""`app.file`: spaces, files and folders in them, media, files attached to approvals."""

from __future__ import annotations

from dingtalk_models.call.call import Call
from dingtalk_models.call.operation import operation
from dingtalk_models.file.approval_file import ApprovalFileManager
from dingtalk_models.file.custom_space import CustomSpace, CustomSpaceManager, Domain
from dingtalk_models.file.dentry import DentryManager
from dingtalk_models.file.drive_upload import DriveUploadManager
from dingtalk_models.file.media import MediaManager
from dingtalk_models.file.space import SpaceManager
from dingtalk_models.resource.manager import Module, managed


class Files(Module):
    """The managers of spaces, files and media, bound to an app."""

    spaces = managed(SpaceManager)
    """Spaces."""
    dentries = managed(DentryManager)
    """Files and folders in spaces."""
    media = managed(MediaManager)
    """Media files."""
    approval_files = managed(ApprovalFileManager)
    """Files attached to approvals."""
    custom_spaces = managed(CustomSpaceManager)
    """Custom spaces of the older drive."""
    drive_uploads = managed(DriveUploadManager)
    """Uploads to the older drive, for custom spaces."""

    # -- the first generation's names -----------------------------------------------------------------------------

    @operation
    def get_custom_space(self, domain: Domain | None = None) -> Call[CustomSpace]:
        """Get the custom space of a domain, or create it if it does not exist.

        Args:
            domain: 1 to 10 letters and digits; by default the app's own.
        """
        return self.custom_spaces.get.call(domain or self.app.domain)
