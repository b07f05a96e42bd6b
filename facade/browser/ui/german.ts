import type { Texts } from './texts.js'

export const german: Texts = {
  locale: 'de',
  loading: 'Wird geladen …',
  retry: 'Erneut versuchen',
  continue: 'Weiter',
  cancel: 'Abbrechen',
  close: 'Schließen',
  copy: 'Kopieren',
  copied: 'Kopiert.',
  notCopied: 'Ihr Browser hat das Kopieren nicht erlaubt. Markieren Sie den Text und kopieren Sie ihn selbst.',
  or: 'oder',
  fillIn: 'Füllen Sie dieses Feld aus.',

  passkeySignIn: 'Mit Passkey anmelden',
  secondStep: 'Bestätigung in zwei Schritten',
  secondStepLead: 'Bestätigen Sie Ihre Identität, um die Anmeldung abzuschließen.',
  useKey: 'Sicherheitsschlüssel oder Passkey verwenden',
  noKeyHere: 'Dieser Browser kann Ihren Sicherheitsschlüssel oder Passkey nicht verwenden.',
  appCode: 'Code aus Ihrer Authenticator-App',
  yubicoCode: 'YubiKey-Einmalpasswort',
  yubicoHint: 'Wählen Sie dieses Feld aus und berühren Sie dann Ihren YubiKey.',
  useRecovery: 'Wiederherstellungscode verwenden',
  recoveryCode: 'Wiederherstellungscode',
  recoveryContinue: 'Mit Wiederherstellungscode fortfahren',
  thatIsRecovery: 'Das sieht nach einem Wiederherstellungscode aus. Er steht jetzt unten: Fahren Sie dort fort, um ihn zu verwenden.',
  recoveryLeft: {
    one: 'Sie haben noch {count} Code. Er gilt einmal.',
    other: 'Sie haben noch {count} Codes. Jeder gilt einmal.',
  },
  recoveryNone: 'Sie haben alle Wiederherstellungscodes verwendet.',
  removeLost:
    'Ich habe meine anderen Anmeldemethoden verloren. ' +
    'Entfernen Sie sie, damit ich neue hinzufügen kann.',
  lockedTotp: 'Codes aus Ihrer Authenticator-App sind nach zu vielen Fehlversuchen gesperrt.',
  lockedRecovery: 'Wiederherstellungscodes sind nach zu vielen Fehlversuchen gesperrt.',
  lockedYubico: 'YubiKey-Einmalpasswörter sind nach zu vielen Fehlversuchen gesperrt.',
  unlockOther: 'Melden Sie sich mit einer anderen Methode an, um sie zu entsperren.',
  nothingOffered:
    'Sie können zurzeit keine Ihrer Anmeldemethoden verwenden. Versuchen Sie es mit einem anderen Browser oder ' +
    'Gerät oder in einer Stunde noch einmal. Wenn das nicht hilft, wenden Sie sich an den Support.',
  locked:
    'Zu viele falsche Codes. Um sie zu entsperren, melden Sie sich noch einmal mit Sicherheitsschlüssel, Passkey ' +
    'oder Wiederherstellungscode an.',
  signedIn: 'Sie sind angemeldet.',
  signedInBy: 'Sie haben sich mit einem Wiederherstellungscode angemeldet',
  lastCodes: {
    one: 'Sie haben nur noch {count} Wiederherstellungscode. Neue erstellen Sie in den Einstellungen.',
    other: 'Sie haben nur noch {count} Wiederherstellungscodes. Neue erstellen Sie in den Einstellungen.',
  },
  noCodesLeft: 'Das war Ihr letzter Wiederherstellungscode. Neue erstellen Sie in den Einstellungen.',
  removed: 'Entfernt: {names}. Fügen Sie in den Einstellungen eine neue Anmeldemethode hinzu.',
  removedNone: 'Sie hatten keine anderen Anmeldemethoden.',

  required: 'Bestätigung in zwei Schritten einrichten',
  requiredLead: 'Diese Website verlangt die Bestätigung in zwei Schritten. Wählen Sie eine Methode.',
  enrolTooLate:
    'Die Eingabe Ihres Passworts liegt zu lange zurück. ' +
    'Bitte melden Sie sich zu Ihrer Sicherheit noch einmal an.',
  codesOffer: 'Wiederherstellungscodes erstellen',
  codesOfferLead: 'Für den Fall, dass Sie Ihr Telefon oder Ihren Schlüssel verlieren.',
  later: 'Jetzt nicht',

  settings: 'Anmeldung und Sicherheit',
  factors: 'Ihre Anmeldemethoden',
  noFactors: 'Sie haben die Bestätigung in zwei Schritten noch nicht eingerichtet.',
  addFactor: 'Methode hinzufügen',
  app: 'Authenticator-App',
  appLead: 'Sechsstelligen Code von Ihrem Telefon eingeben',
  key: 'Sicherheitsschlüssel',
  keyLead: 'Schlüssel einstecken oder an das Gerät halten',
  passkey: 'Passkey',
  passkeyLead: 'Fingerabdruck, Gesicht oder PIN statt eines Passworts',
  noKeysHere:
    'Sicherheitsschlüssel und Passkeys können in diesem Browser oder unter dieser Adresse nicht verwendet werden.',
  u2f: 'Sicherheitsschlüssel (U2F)',
  yubico: 'YubiKey-Einmalpasswort',
  added: 'hinzugefügt am {date}',
  lastUsed: 'zuletzt verwendet am {date}',
  badgeOff: 'Aus',
  badgeLocked: 'Gesperrt',
  rename: 'Umbenennen',
  turnOff: 'Ausschalten',
  turnOn: 'Einschalten',
  remove: 'Entfernen',
  actionOn: '{name}: {action}',
  renameTitle: 'Methode umbenennen',
  name: 'Name',
  save: 'Speichern',
  renamed: 'Umbenannt in {name}.',
  isOff: '{name} ist ausgeschaltet.',
  isOn: '{name} ist eingeschaltet.',
  wasAdded: '{name} wurde hinzugefügt.',
  wasRemoved: '{name} wurde entfernt.',
  removeTitle: '{name} entfernen?',
  removeLead: 'Sie können sich damit nicht mehr anmelden.',
  removeLast:
    'Das ist Ihre letzte Anmeldemethode. Wenn Sie sie entfernen, wird die Bestätigung in zwei Schritten ' +
    'ausgeschaltet, und Ihre Wiederherstellungscodes werden gelöscht.',
  adviseFactor:
    'Richten Sie die Bestätigung in zwei Schritten ein, ' +
    'damit ein gestohlenes Passwort nicht zur Anmeldung genügt.',
  adviseCodes:
    'Erstellen Sie Wiederherstellungscodes, damit Sie sich auch anmelden können, ' +
    'wenn Sie Ihr Telefon oder Ihren Schlüssel verlieren.',
  adviseLocked:
    'Codes sind nach zu vielen Fehlversuchen gesperrt. ' +
    'Um sie zu entsperren, melden Sie sich mit Sicherheitsschlüssel, Passkey oder Wiederherstellungscode an.',
  adviseLast: {
    one: 'Sie haben nur noch {count} Wiederherstellungscode. Erstellen Sie jetzt neue.',
    other: 'Sie haben nur noch {count} Wiederherstellungscodes. Erstellen Sie jetzt neue.',
  },
  adviseNone: 'Sie haben alle Wiederherstellungscodes verwendet. Erstellen Sie jetzt neue.',
  signInFirst: 'Melden Sie sich an, um Ihre Einstellungen zu sehen.',

  addApp: 'Authenticator-App hinzufügen',
  scan: 'Scannen Sie diesen QR-Code mit der App auf Ihrem Telefon.',
  qr: 'QR-Code mit dem Einrichtungsschlüssel darunter',
  typeSecret: 'Scannen nicht möglich? Geben Sie diesen Einrichtungsschlüssel in der App ein:',
  openApp: 'App auf diesem Gerät öffnen',
  typeCode: 'Geben Sie den Code aus der App ein',
  nameFactor: 'Geben Sie einen Namen ein',
  addAppAction: 'Authenticator-App hinzufügen',
  defaultApp: 'Telefon',
  addKey: 'Sicherheitsschlüssel hinzufügen',
  addKeyLead: 'Halten Sie Ihren Schlüssel bereit. Ihr Browser bittet Sie, ihn zu berühren.',
  addPasskey: 'Passkey hinzufügen',
  addPasskeyLead: 'Ihr Browser fragt nach Ihrem Fingerabdruck, Ihrem Gesicht oder Ihrer PIN.',
  enrolRejected:
    'Der Code ist falsch, oder es hat zu lange gedauert. Warten Sie auf einen neuen Code und versuchen Sie es ' +
    'noch einmal. Wenn das nicht hilft, schließen Sie dieses Fenster und beginnen Sie von vorn.',
  registrationRejected:
    'Der Server hat diesen Schlüssel nicht angenommen, oder es hat zu lange gedauert. ' +
    'Schließen Sie dieses Fenster und beginnen Sie von vorn.',
  nothingAdded: 'Es wurde noch nichts hinzugefügt.',
  nothingChanged: 'Es wurde noch nichts geändert.',

  recovery: 'Wiederherstellungscodes',
  recoveryNever: 'Für den Fall, dass Sie Ihr Telefon oder Ihren Schlüssel verlieren.',
  recoveryState: {
    one: 'Noch {count} Code, erstellt am {date}.',
    other: 'Noch {count} Codes, erstellt am {date}.',
  },
  makeCodes: 'Wiederherstellungscodes erstellen',
  makeNewCodes: 'Neue Codes erstellen',
  makeNewTitle: 'Neue Wiederherstellungscodes erstellen?',
  makeNewLead: 'Ihre bisherigen Codes gelten dann nicht mehr.',
  yourCodes: 'Ihre Wiederherstellungscodes',
  yourCodesLead:
    'Wenn Sie Ihr Telefon oder Ihren Schlüssel verlieren, melden Sie sich mit einem dieser Codes an. ' +
    'Jeder Code gilt einmal. Speichern Sie sie jetzt: Sie werden nicht noch einmal angezeigt.',
  print: 'Drucken',
  download: 'Herunterladen',
  codesFile: 'wiederherstellungscodes.txt',
  codesFor: 'Wiederherstellungscodes für {site}, erstellt am {date}',
  saved: 'Ich habe meine Codes gespeichert',

  confirm: 'Bestätigen Sie Ihre Identität',
  confirmLead: 'Danach können Sie einige Minuten lang Änderungen vornehmen.',

  rejected: 'Das hat nicht geklappt. Versuchen Sie es noch einmal.',
  malformed: 'Das sieht nicht wie ein Code aus. Prüfen Sie ihn und versuchen Sie es noch einmal.',
  tooManyWrong: 'Zu viele falsche Codes. Versuchen Sie eine andere Methode.',
  passkeyRejected:
    'Dieser Passkey ist hier nicht registriert, oder es hat zu lange gedauert. Versuchen Sie es noch einmal.',
  alreadyEnrolled: 'Sie haben diesen Schlüssel oder dieses Gerät schon hinzugefügt.',
  notFirst:
    'Zu Ihrem Konto wurde eine andere Methode hinzugefügt. ' +
    'Schließen Sie dieses Fenster und beginnen Sie von vorn.',
  factorLimit: 'Sie können keine weiteren Anmeldemethoden hinzufügen. Entfernen Sie zuerst eine.',
  noSuchFactor: 'Diese Methode wurde schon entfernt.',
  lastFactor:
    'Sie können Ihre einzige aktive Methode nicht ausschalten. ' +
    'Fügen Sie zuerst eine andere hinzu, oder entfernen Sie diese.',
  notChangeable: 'Diese Methode kann nicht geändert werden.',
  factorRequired: 'Fügen Sie zuerst eine Anmeldemethode hinzu.',
  invalid: 'Ihre Eingabe ist zu lang oder enthält Zeichen, die nicht gespeichert werden können.',

  network: 'Der Server antwortet nicht. Prüfen Sie Ihre Verbindung und versuchen Sie es noch einmal.',
  signedOut: 'Ihre Sitzung ist beendet. Melden Sie sich noch einmal an.',
  stepUpFirst: 'Bitte melden Sie sich zu Ihrer Sicherheit noch einmal an, um dies zu ändern.',
  failed: 'Etwas ist schiefgegangen. Versuchen Sie es gleich noch einmal.',

  cancelled:
    'Kein Sicherheitsschlüssel oder Passkey hat geantwortet. ' +
    'Der Vorgang wurde abgebrochen, oder hier ist keiner verfügbar, der zu Ihrem Konto gehört.',
  timeout: 'Das hat zu lange gedauert. Versuchen Sie es noch einmal.',
  aborted: 'Das wurde unterbrochen. Versuchen Sie es noch einmal.',
  notSupported: 'Dieser Browser oder Schlüssel unterstützt das nicht.',
  insecureContext: 'Sicherheitsschlüssel und Passkeys brauchen eine sichere Verbindung (HTTPS).',
  invalidDomain: 'Sicherheitsschlüssel und Passkeys funktionieren unter dieser Adresse nicht.',
}
