"""Who may call the API and what: checked before any parameter is looked at, in the order and the words of WHMCS."""

import hmac

from sandbox.settings import SandboxSettings
from sandbox.whmcs.answers import Refused
from sandbox.whmcs.asked import Asked

# actions WHMCS has and this API role was not given, and one that no remote caller is ever given
NAMES = """
AcceptQuote ActivateModule AddAnnouncement AddBannedIp AddBillableItem AddCancelRequest AddClientNote AddContact AddCredit
AddInvoicePayment AddPayMethod AddProduct AddProjectMessage AddProjectTask AddTicketNote AddTicketReply AddTransaction AddUser
AffiliateActivate ApplyCredit BlockTicketSender CapturePayment CloseClient CreateClientInvite CreateInvoice CreateOAuthCredential
CreateProject CreateQuote DeactivateModule DecryptPassword DeleteAnnouncement DeleteClient DeleteContact DeleteOAuthCredential
DeleteOrder DeletePayMethod DeleteProjectTask DeleteQuote DeleteTicket DeleteTicketNote DeleteTicketReply DeleteUserClient
DomainGetLockingStatus DomainGetNameservers DomainGetWhoisInfo DomainRegister DomainRelease DomainRenew DomainRequestEPP
DomainToggleIdProtect DomainTransfer DomainUpdateLockingStatus DomainUpdateNameservers DomainUpdateWhoisInfo DomainWhois
EncryptPassword EndTaskTimer FraudOrder GenInvoices GetActivityLog GetAdminDetails GetAdminUsers GetAffiliates GetAnnouncements
GetAutomationLog GetCancelledPackages GetClientGroups GetClientPassword GetClientsAddons GetClientsDomains GetConfigurationValue
GetContacts GetCredits GetEmailTemplates GetEmails GetHealthStatus GetModuleConfigurationParameters GetModuleQueue
GetPermissionsList GetProject GetProjects GetPromotions GetQuotes GetRegistrars GetServers GetStaffOnline GetStats
GetSupportDepartments GetSupportStatuses GetTLDPricing GetTicket GetTicketAttachment GetTicketCounts GetTicketNotes
GetTicketPredefinedCats GetTicketPredefinedReplies GetTickets GetToDoItemStatuses GetToDoItems GetTransactions
GetUserPermissions ListOAuthCredentials LogActivity MergeTicket ModuleChangePackage ModuleChangePw ModuleCreate ModuleCustom
ModuleSuspend ModuleTerminate ModuleUnsuspend OpenTicket OrderFraudCheck PendingOrder ResetPassword SendAdminEmail SendEmail
SendQuote SetConfigurationValue StartTaskTimer TriggerNotificationEvent UpdateAdminNotes UpdateAnnouncement UpdateClientAddon
UpdateClientDomain UpdateContact UpdateInvoice UpdateModuleConfiguration UpdateOAuthCredential UpdatePayMethod UpdateProject
UpdateProjectTask UpdateQuote UpdateTicket UpdateTicketReply UpdateToDoItem UpdateTransaction UpdateUser UpdateUserPermissions
UpgradeProduct ValidateLogin
"""
NOT_GRANTED = frozenset(NAMES.lower().split())


def check(asked: Asked, settings: SandboxSettings) -> str:
    """Credentials, action, role; the lower-case action. The pair may also come as username and password."""
    pair = (asked.text("identifier") or asked.text("username"), asked.text("secret") or asked.text("password"))
    known = (settings.credentials.whmcs_identifier, settings.credentials.whmcs_secret)
    if not all(hmac.compare_digest(sent.encode(), held.encode()) for sent, held in zip(pair, known, strict=True)):
        raise Refused("Invalid or missing credentials", 403)
    action = asked.text("action").lower()
    if not action:
        raise Refused("Empty action request", 400)
    if action in NOT_GRANTED:
        raise Refused(f'Invalid Permissions: API action "{action}" is not allowed', 403)
    return action
