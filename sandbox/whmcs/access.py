"""Who may call the API and what: checked before any parameter is looked at, in the order and the words of WHMCS."""

import hashlib
import hmac

from sandbox.settings import SandboxSettings
from sandbox.whmcs.acting import spelling
from sandbox.whmcs.answers import Refused
from sandbox.whmcs.asked import Asked

# what else WHMCS can do; the API role of the sandbox does not allow it
NAMES = """
AcceptQuote ActivateModule AddAnnouncement AddBannedIp AddBillableItem AddCancelRequest AddPayMethod AddProjectMessage
AddProjectTask AddTicketNote AddTicketReply AffiliateActivate BlockTicketSender CreateClientInvite CreateOAuthCredential
CreateProject CreateQuote DeactivateModule DecryptPassword DeleteAnnouncement DeleteOAuthCredential DeletePayMethod
DeleteProjectTask DeleteQuote DeleteTicket DeleteTicketNote DeleteTicketReply DeleteUserClient DomainGetLockingStatus
DomainGetNameservers DomainGetWhoisInfo DomainRegister DomainRelease DomainRenew DomainRequestEPP DomainToggleIdProtect
DomainTransfer DomainUpdateLockingStatus DomainUpdateNameservers DomainUpdateWhoisInfo DomainWhois EncryptPassword EndTaskTimer
GenInvoices GetAdminUsers GetAffiliates GetAnnouncements GetAutomationLog GetCancelledPackages GetClientGroups GetClientPassword
GetClientsAddons GetClientsDomains GetEmailTemplates GetModuleConfigurationParameters GetModuleQueue GetPermissionsList GetProject
GetProjects GetPromotions GetQuotes GetRegistrars GetServers GetStaffOnline GetStats GetSupportDepartments GetSupportStatuses
GetTLDPricing GetTicket GetTicketAttachment GetTicketCounts GetTicketNotes GetTicketPredefinedCats GetTicketPredefinedReplies
GetTickets GetToDoItemStatuses GetToDoItems GetUserPermissions ListOAuthCredentials MergeTicket ModuleChangePackage ModuleChangePw
ModuleCustom OpenTicket OrderFraudCheck ResetPassword SendAdminEmail SendQuote StartTaskTimer TriggerNotificationEvent
UpdateAdminNotes UpdateAnnouncement UpdateClientAddon UpdateClientDomain UpdateModuleConfiguration UpdateOAuthCredential
UpdatePayMethod UpdateProject UpdateProjectTask UpdateQuote UpdateTicket UpdateTicketReply UpdateToDoItem UpdateTransaction
UpdateUserPermissions UpgradeProduct
"""
KNOWN = frozenset(NAMES.lower().split())
ADMIN, ADMIN_PASSWORD = "admin", "sandbox-admin"
# `$api_access_key` of configuration.php: whoever has it may come from anywhere
ACCESS_KEY = "sandbox.access-key"


def check(asked: Asked, settings: SandboxSettings) -> str:
    """Address, credentials, admin, action, role; the lower-case action. The API role allows what the sandbox can do."""
    check_address(asked)
    if not (is_pair(asked, settings) or is_admin(asked)):
        raise Refused(asked.quirks["credential_words"], 403)
    check_admin(asked.quirks["admin"])
    action = asked.text("action").lower()
    if not action:
        raise Refused("Empty action request", 400)
    refused = {name.lower() for name in asked.quirks["refused_actions"]}
    if action in refused or (action in KNOWN and spelling(action) is None):
        raise Refused(f'Invalid Permissions: API action "{action}" is not allowed', 403)
    return action


def check_address(asked: Asked) -> None:
    """An exact match; an access key that fits makes the address unimportant."""
    if same(asked.text("accesskey"), ACCESS_KEY) or asked.caller in asked.quirks["allowed_ips"]:
        return
    raise Refused(f"{asked.quirks['invalid_ip_words']} {asked.caller}", asked.quirks["invalid_ip_status"])


def is_pair(asked: Asked, settings: SandboxSettings) -> bool:
    """Identifier and secret, which may also come as username and password."""
    held = settings.credentials
    sent = (asked.text("identifier") or asked.text("username"), asked.text("secret") or asked.text("password"))
    return same(sent[0], held.whmcs_identifier) and same(sent[1], held.whmcs_secret)


def is_admin(asked: Asked) -> bool:
    """The older way: an administrator's name and the MD5 of the password."""
    hashed = hashlib.md5(ADMIN_PASSWORD.encode()).hexdigest()
    return same(asked.text("username"), ADMIN) and same(asked.text("password").lower(), hashed)


def same(sent: str, held: str) -> bool:
    return hmac.compare_digest(sent.encode("utf-8", "replace"), held.encode())


def check_admin(state: str) -> None:
    if state == "disabled":
        raise Refused("Administrator Account Disabled", 403)
    if state == "without_api_access":
        raise Refused("Access Denied", 403)
